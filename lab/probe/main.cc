// SPDX-License-Identifier: Apache-2.0
// flowmob-probe: a paced stream both ways, and what became of it at each end.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "lab/host/namespace_entry.h"
#include "lab/host/signals.h"
#include "lab/probe/options.h"

namespace {

using flowmob::Result;
using flowmob::lab::ProbeOptions;

void add_common_options(CLI::App& app, ProbeOptions& options) {
  app.add_option("--port", options.port, "UDP or TCP port")->capture_default_str();
  app.add_flag("--tcp", options.tcp, "a stream over TCP; \"gap\" then means the longest stall");
  app.add_option("--netns", options.netns, "network namespace to work in (ip netns)");
  app.add_option("--drain", options.drain, "seconds to wait at the end for what is under way")
      ->capture_default_str();
  app.add_flag("--json", options.json, "print reports as JSON, one a line");
  app.add_option("--json-file", options.json_file, "also write the (last) report to this file");
  app.add_option("--log", options.log_file, "write every packet: 'tx SEQ SENT', 'rx SEQ SENT ARRIVED' (ns)");
  app.add_option("--progress", options.progress_file,
                 "write a JSON line every second ('-': standard output)");
}

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
  ProbeOptions options;
  CLI::App app{
      "Sends a paced stream with sequence numbers and timestamps both ways, and measures at each end loss,\n"
      "duplicates, reordering, longest gap and one-way delay (both ends on one clock)."};
  app.require_subcommand(1);
  auto* serve = app.add_subcommand("serve", "answer streams with streams");
  serve->add_option("--bind", options.host, "address to listen on")->default_str("::");
  serve->add_flag("--once", options.once, "end after the first stream");
  add_common_options(*serve, options);
  auto* stream = app.add_subcommand("stream", "start a stream");
  stream->add_option("--to", options.host, "address of a serving probe")->required();
  stream->add_option("--source", options.source, "own address (UDP)");
  stream->add_option("--rate", options.parameters.rate, "packets per second, each way")
      ->capture_default_str();
  stream->add_option("--size", options.parameters.size, "octets of payload per packet")
      ->check(CLI::Range(40, 65000));
  stream->add_option("--duration", options.duration, "seconds; 0: until SIGTERM")->capture_default_str();
  add_common_options(*stream, options);
  auto* ping = app.add_subcommand("ping", "ICMPv6 echo at an even pace, closer than the usual ping can");
  ping->add_option("--to", options.host, "address")->required();
  ping->add_option("--rate", options.parameters.rate, "requests per second")->check(CLI::PositiveNumber);
  ping->add_option("--duration", options.duration, "seconds; 0: until SIGTERM")->capture_default_str();
  add_common_options(*ping, options);
  CLI11_PARSE(app, argc, argv);
  if (options.host.empty()) options.host = "::";
  const auto done = run(options, serve->parsed()    ? Role::Serve
                                 : stream->parsed() ? Role::Stream
                                                    : Role::Ping);
  if (!done) fmt::print(stderr, "flowmob-probe: {}\n", done.error().message);
  if (done && !*done)
    fmt::print(stderr, "flowmob-probe: the peer did not tell what it saw; the report is incomplete\n");
  return done && *done ? 0 : 1;
}
