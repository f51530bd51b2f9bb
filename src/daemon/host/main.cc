// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/main.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "platform/logging.h"
#include "platform/netlink.h"
#include "platform/network_namespace.h"

namespace flowmob::daemon {
namespace {

Result<void> prepare(const Options& options, const Program& program) {
  if (::geteuid() != 0)
    return fail("not-permitted", "needs root: raw sockets, BPF programs and routes are its work");
  // The log first: systemd's stream is told from a redirected one by what we were started with.
  return platform::set_up_logging(program.name, options.log_level).and_then([&]() -> Result<void> {
    return options.netns.empty() ? Result<void>() : platform::NetworkNamespace::enter(options.netns);
  });
}

/// Diagnostics begin with file:line:column, as editors want it; all else with who says it.
void complain(const Program& program, const Error& error) {
  if (error.code == "bad-configuration")
    fmt::print(stderr, "{}\n", error.message);
  else
    fmt::print(stderr, "{}: {} [{}]\n", program.name, error.message, error.code);
}

}  // namespace

int run_daemon(int argc, char** argv, const Program& program,
               const std::function<Result<void>(const Options&)>& serve) {
  const auto parsed = parse_options(argc, argv, program.name, program.what);
  if (const int* status = std::get_if<int>(&parsed)) return *status;
  const auto& options = std::get<Options>(parsed);
  const auto outcome = prepare(options, program).and_then([&] { return serve(options); });
  if (outcome) return 0;
  complain(program, outcome.error());
  return 1;
}

config::LoadOptions on_this_machine() {
  return {.interface_exists = [](std::string_view name) {
    auto netlink = platform::Netlink::open();
    return !netlink || netlink->link(name).has_value();
  }};
}

}  // namespace flowmob::daemon
