// SPDX-License-Identifier: Apache-2.0
#include "lab/command_line.h"

#include <algorithm>

namespace flowmob::lab {
namespace {

CLI::App* add(CommandLine& line, const char* name, const char* help) {
  auto* command = line.app.add_subcommand(name, help);
  command->add_option("--name", line.name, "which lab; several may be up at once")->capture_default_str();
  return command;
}

void add_engine(CommandLine& line, CLI::App* command) {
  command->add_option("--engine", line.engine, "what emulates the links; auto: netem where the kernel has it")
      ->check(CLI::IsMember({"auto", "netem", "userspace"}));
}

}  // namespace

CommandLine::CommandLine()
    : app("A whole domain in network namespaces of this machine: correspondent (cn), LMA, two MAGs and a "
          "mobile\n"
          "node (mn) with an 802.16-like and an 802.11-like link.",
          "flowmob lab") {
  app.require_subcommand(1);
  app.fallthrough();  // so that --json may stand anywhere
  app.add_flag("--json", json, "one JSON document, also for errors");
  auto* up = add(*this, "up", "build the domain and leave it running");
  add_engine(*this, up);
  up->add_flag("--no-daemons", no_daemons, "namespaces, links and configurations only");
  auto* demo = add(*this, "demo", "show flows that move, a link that fails, an LMA that restarts");
  demo->add_option("--output", output, "folder for report.json, report.png and the captures")
      ->capture_default_str();
  add_engine(*this, demo);
  add(*this, "status", "show namespaces, addresses, sockets and links");
  add(*this, "down", "remove everything of the lab");
  auto* exec = add(*this, "exec", "run a command on a node");
  exec->add_option("node", node, "cn, lma, mag1, mag2, mn")->required();
  exec->add_option("command", command, "the command and its arguments, after --")->required();
  auto* set_link =
      add(*this, "link",
          "take a link down or up at both ends; silent: it keeps its carrier and loses everything");
  set_link->add_option("link", link, "lma-mag1, lma-mag2, mag1-mn, mag2-mn")->required();
  set_link->add_option("state", state, "down, silent or up")
      ->required()
      ->check(CLI::IsMember({"down", "silent", "up"}));
}

void CommandLine::parse(const std::vector<std::string>& arguments) {
  app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 wants it reversed
  const auto* subcommand = app.get_subcommands().front();
  chosen = subcommand->get_name();
  // A lab that somebody works in is not the demo's to take down.
  if (chosen == "demo" && subcommand->count("--name") == 0) name = "demo";
}

bool asks_for_json(const std::vector<std::string>& arguments) {
  const auto end = std::ranges::find(arguments, "--");
  return std::find(arguments.begin(), end, "--json") != end;
}

}  // namespace flowmob::lab
