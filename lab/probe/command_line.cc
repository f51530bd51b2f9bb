// SPDX-License-Identifier: Apache-2.0
#include "lab/probe/command_line.h"

namespace flowmob::lab {

ProbeCommandLine::ProbeCommandLine()
    : app("Sends a paced stream with sequence numbers and timestamps both ways, and measures at each end "
          "loss,\n"
          "duplicates, reordering, longest gap and one-way delay (both ends on one clock).",
          "flowmob-probe"),
      serve(app.add_subcommand("serve", "answer streams with streams")),
      stream(app.add_subcommand("stream", "start a stream")),
      ping(app.add_subcommand("ping", "ICMPv6 echo at an even pace, closer than the usual ping can")) {
  app.require_subcommand(1);
  add_serve_options();
  add_stream_options();
  add_ping_options();
  for (CLI::App* command : {serve, stream}) add_transport_options(*command);
  for (CLI::App* command : {serve, stream, ping}) add_common_options(*command);
}

void ProbeCommandLine::add_serve_options() {
  serve->add_option("--bind", options.host, "address to listen on")->default_str("::");
  serve->add_flag("--once", options.once, "end after the first stream");
}

void ProbeCommandLine::add_stream_options() {
  stream->add_option("--to", options.host, "address of a serving probe")->required();
  stream->add_option("--source", options.source, "own address (UDP)");
  stream->add_option("--rate", options.parameters.rate, "packets per second, each way")
      ->capture_default_str();
  stream->add_option("--size", options.parameters.size, "octets of payload per packet")
      ->check(CLI::Range(40, 65000));
  stream->add_option("--duration", options.duration, "seconds; 0: until SIGTERM")->capture_default_str();
}

void ProbeCommandLine::add_ping_options() {
  ping->add_option("--to", options.host, "address")->required();
  ping->add_option("--rate", options.parameters.rate, "requests per second")->check(CLI::PositiveNumber);
  ping->add_option("--duration", options.duration, "seconds; 0: until SIGTERM")->capture_default_str();
}

void ProbeCommandLine::add_transport_options(CLI::App& command) {
  command.add_option("--port", options.port, "UDP or TCP port")->capture_default_str();
  command.add_flag("--tcp", options.tcp, "a stream over TCP; \"gap\" then means the longest stall");
}

void ProbeCommandLine::add_common_options(CLI::App& command) {
  command.add_option("--netns", options.netns, "network namespace to work in (ip netns)");
  command.add_option("--drain", options.drain, "seconds to wait at the end for what is under way")
      ->capture_default_str();
  command.add_flag("--json", options.json, "print reports as JSON, one a line");
  command.add_option("--json-file", options.json_file, "also write the (last) report to this file");
  command.add_option("--log", options.log_file,
                     "write every packet: 'tx SEQ SENT', 'rx SEQ SENT ARRIVED' (ns)");
  command.add_option("--progress", options.progress_file,
                     "write a JSON line every second ('-': standard output)");
}

}  // namespace flowmob::lab
