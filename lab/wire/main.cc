// SPDX-License-Identifier: Apache-2.0
// flowmob-wire: joins two interfaces as if a cable with delay, jitter, loss and a rate lay between them.
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <vector>

#include "lab/host/clock.h"
#include "lab/host/namespace_entry.h"
#include "lab/host/signals.h"
#include "lab/wire/command_line.h"
#include "lab/wire/commands.h"
#include "lab/wire/control.h"
#include "lab/wire/parameters.h"

namespace flowmob::lab {
namespace {

Result<std::unique_ptr<WireEngine>> make_engine(const WireCommandLine& options) {
  if (options.engine != "userspace") {
    auto netem = make_netem_engine(options.wire);
    if (netem || options.engine == "netem") return netem;
  }
  return make_userspace_engine(options.wire);
}

Result<void> resolve_parameters(WireCommandLine& options) {
  const std::string* own[] = {&options.a_to_b, &options.b_to_a};
  for (std::size_t i = 0; i < 2; ++i) {
    auto parsed = parse_parameters(options.both).and_then([&](const LinkParameters& p) {
      return parse_parameters(*own[i], p);
    });
    if (!parsed) return tl::unexpected(parsed.error());
    options.wire.parameters[i] = *parsed;
  }
  return {};
}

void serve(Wire& wire, ControlPoint* control) {
  const platform::UniqueFd ending = end_signals();
  WireEngine& engine = wire.engine();
  while (true) {
    std::vector<::pollfd> fds{{ending.get(), POLLIN, 0}};
    for (const int fd : engine.fds()) fds.push_back({fd, POLLIN, 0});
    for (const int fd : control != nullptr ? control->fds() : std::vector<int>{})
      fds.push_back({fd, POLLIN, 0});
    poll_until(fds, engine.poll_timeout());
    if (fds[0].revents != 0) return;
    engine.handle_readable();
    engine.handle_timeout(monotonic_now());
    if (control != nullptr) control->handle_readable();
  }
}

Result<void> run_wire(WireCommandLine& options) {
  if (!options.netns.empty()) {
    if (auto entered = enter_namespace(options.netns); !entered) return entered;
  }
  if (auto resolved = resolve_parameters(options); !resolved) return resolved;
  auto engine = make_engine(options);
  if (!engine) return tl::unexpected(engine.error());
  Wire wire(options.wire, std::move(*engine));
  if (auto up = wire.engine().set_up(true); !up) return up;
  be_punctual();
  if (options.control.empty()) {
    serve(wire, nullptr);
    return {};
  }
  auto control =
      ControlPoint::listen(options.control, [&](const auto& request) { return wire.handle(request); });
  if (!control) return tl::unexpected(control.error());
  serve(wire, &*control);
  return {};
}

}  // namespace
}  // namespace flowmob::lab

int main(int argc, char** argv) {
  flowmob::lab::WireCommandLine line;
  CLI11_PARSE(line.app, argc, argv);
  const auto done = flowmob::lab::run_wire(line);
  if (!done) fmt::print(stderr, "flowmob-wire: {}\n", done.error().message);
  return done ? 0 : 1;
}
