// SPDX-License-Identifier: Apache-2.0
// flowmob-probe: a paced stream both ways, and what became of it at each end.
#include <fmt/format.h>

#include "lab/host/namespace_entry.h"
#include "lab/host/signals.h"
#include "lab/probe/command_line.h"

namespace {

using flowmob::Result;
using flowmob::lab::ProbeOptions;

enum class Role { Serve, Stream, Ping };

Result<bool> run(const ProbeOptions& options, Role role) {
  using namespace flowmob::lab;
  if (!options.netns.empty()) {
    if (auto entered = enter_namespace(options.netns); !entered) return tl::unexpected(entered.error());
  }
  be_punctual();
  if (role == Role::Ping) return ping(options);
  if (role == Role::Serve) return options.tcp ? serve_tcp(options) : serve_udp(options);
  return options.tcp ? stream_tcp(options) : stream_udp(options);
}

}  // namespace

int main(int argc, char** argv) {
  flowmob::lab::ProbeCommandLine line;
  CLI11_PARSE(line.app, argc, argv);
  if (line.options.host.empty()) line.options.host = "::";
  const auto done = run(line.options, line.serve->parsed()    ? Role::Serve
                                      : line.stream->parsed() ? Role::Stream
                                                              : Role::Ping);
  if (!done) fmt::print(stderr, "flowmob-probe: {}\n", done.error().message);
  if (done && !*done)
    fmt::print(stderr, "flowmob-probe: the peer did not tell what it saw; the report is incomplete\n");
  return done && *done ? 0 : 1;
}
