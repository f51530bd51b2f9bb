// SPDX-License-Identifier: Apache-2.0
#include "lab/lab.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "lab/demo/demo.h"
#include "lab/domain/domain.h"
#include "lab/domain/wait.h"
#include "lab/host/namespace_entry.h"

namespace flowmob::lab {
namespace {

using platform::Json;

struct Options {
  std::string name = "lab", engine = "auto", node, link, state, output = "build/demo";
  std::vector<std::string> command;
  bool json = false, no_daemons = false;
};

int failed(const Error& error, bool json) {
  if (json) {
    fmt::print("{}\n", Json{{"error", {{"code", error.code}, {"message", error.message}}}}.dump(2));
  } else {
    fmt::print(stderr, "flowmob lab: {}\n", error.message);
  }
  return 1;
}

int print_status(const Domain& domain, bool json) {
  const Json status = domain.status();
  if (json) {
    fmt::print("{}\n", status.dump(2));
    return 0;
  }
  fmt::print("lab \"{}\" {}\n\n", domain.plan().name(),
             domain.healthy() ? "is up" : "is BROKEN: a process has ended");
  for (const auto& [node, name] : status["namespaces"].items()) {
    fmt::print("  {:<5} {:<20} {}\n", node, name.get<std::string>(), status["addresses"].value(node, ""));
  }
  fmt::print("\n");
  for (const Json& link : status["links"]) {
    const std::string shape =
        link.contains("parameters") ? link["parameters"].value("a-to-b", "") : "plain veth";
    fmt::print("  {:<9} {:<4} {} {}\n", link.value("name", ""), link.value("up", true) ? "up" : "DOWN",
               link.value("technology", ""), shape);
  }
  fmt::print("\nTry:  flowmob lab exec mn -- ping {}\n      flowmob show bindings\n      flowmob lab down\n",
             address::kCn);
  return 0;
}

int up(const Plan& plan, const Options& options) {
  catch_interrupts();
  UpOptions wanted{.engine = options.engine, .daemons = !options.no_daemons};
  wanted.say = [&](const std::string& line) { fmt::print(stderr, "  {}\n", line); };
  const auto domain = Domain::up(plan, wanted);
  return domain ? print_status(*domain, options.json) : failed(domain.error(), options.json);
}

int status(const Plan& plan, const Options& options) {
  const auto domain = Domain::open(plan);
  return domain ? print_status(*domain, options.json) : failed(domain.error(), options.json);
}

int down(const Plan& plan, const Options& options) {
  Domain::down(plan);
  if (options.json) fmt::print("{}\n", Json{{"name", plan.name()}, {"up", false}}.dump(2));
  return 0;
}

int demo(const Plan& plan, const Options& options) {
  if (::geteuid() != 0)
    return failed({"not-permitted", "network namespaces need root: run this with sudo"}, options.json);
  return run_demo(plan, {.output = options.output, .engine = options.engine, .json = options.json});
}

int exec(const Plan& plan, const Options& options) {
  if (auto entered = enter_namespace(plan.namespace_of(options.node)); !entered)
    return failed(entered.error(), false);
  std::vector<char*> argv;
  for (const std::string& word : options.command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  return failed({"exec-failed", options.command[0] + ": cannot start"}, false);
}

int set_link(const Plan& plan, const Options& options) {
  const auto done = Domain::open(plan).and_then(
      [&](const Domain& domain) { return domain.set_link(options.link, options.state == "up"); });
  if (!done) return failed(done.error(), options.json);
  if (options.json) {
    fmt::print("{}\n",
               Json{{"link", options.link}, {"up", options.state == "up"}, {"begun_ns", done->begun}}.dump());
  }
  return 0;
}

CLI::App* add(CLI::App& app, Options& options, const char* name, const char* help) {
  auto* command = app.add_subcommand(name, help);
  command->add_option("--name", options.name, "which lab; several may be up at once")->capture_default_str();
  command->add_flag("--json", options.json, "one JSON document, also for errors");
  return command;
}

}  // namespace

int lab_main(const std::vector<std::string>& arguments) {
  Options options;
  CLI::App app{
      "A whole domain in network namespaces of this machine: correspondent (cn), LMA, two MAGs and a mobile\n"
      "node (mn) with an 802.16-like and an 802.11-like link.",
      "flowmob lab"};
  app.require_subcommand(1);
  const auto add_engine = [&](CLI::App* command) {
    command
        ->add_option("--engine", options.engine,
                     "what emulates the links; auto: netem where the kernel has it")
        ->check(CLI::IsMember({"auto", "netem", "userspace"}));
  };
  auto* up_command = add(app, options, "up", "build the domain and leave it running");
  add_engine(up_command);
  up_command->add_flag("--no-daemons", options.no_daemons, "namespaces, links and configurations only");
  auto* demo_command =
      add(app, options, "demo", "show flows that move, a link that fails, an LMA that restarts");
  demo_command->add_option("--output", options.output, "folder for report.json, report.png and the captures")
      ->capture_default_str();
  add_engine(demo_command);
  auto* status_command = add(app, options, "status", "show namespaces, addresses, sockets and links");
  auto* down_command = add(app, options, "down", "remove everything of the lab");
  auto* exec_command = add(app, options, "exec", "run a command on a node");
  exec_command->add_option("node", options.node, "cn, lma, mag1, mag2, mn")->required();
  exec_command->add_option("command", options.command, "the command and its arguments, after --")->required();
  auto* link_command = add(app, options, "link", "take a link down or up at both ends");
  link_command->add_option("link", options.link, "lma-mag1, lma-mag2, mag1-mn, mag2-mn")->required();
  link_command->add_option("state", options.state, "down or up")
      ->required()
      ->check(CLI::IsMember({"down", "up"}));

  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  // A lab that somebody works in is not the demo's to take down.
  if (demo_command->parsed() && demo_command->count("--name") == 0) options.name = "demo";
  const auto plan = Plan::create(options.name);
  if (!plan) return failed(plan.error(), options.json);
  if (up_command->parsed()) return up(*plan, options);
  if (demo_command->parsed()) return demo(*plan, options);
  if (status_command->parsed()) return status(*plan, options);
  if (down_command->parsed()) return down(*plan, options);
  if (exec_command->parsed()) return exec(*plan, options);
  if (link_command->parsed()) return set_link(*plan, options);
  return 2;
}

}  // namespace flowmob::lab
