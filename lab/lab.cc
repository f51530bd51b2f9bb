// SPDX-License-Identifier: Apache-2.0
#include "lab/lab.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "lab/command_line.h"
#include "lab/demo/demo.h"
#include "lab/domain/domain.h"
#include "lab/domain/lock.h"
#include "lab/domain/wait.h"
#include "lab/hints.h"
#include "lab/host/namespace_entry.h"
#include "lab/host/netns.h"
#include "lab/host/programs.h"

namespace flowmob::lab {
namespace {

using platform::Json;

constexpr int kFailed = 1, kUsage = 2;

/// A reader that has gone away is no reason to stop half-way.
void print(std::FILE* out, const std::string& text) {
  std::fputs(text.c_str(), out);
  std::fflush(out);
}
void print(const Json& document) { print(stdout, document.dump(2) + "\n"); }

int failed(const Error& error, bool json, int status = kFailed) {
  if (json) {
    print({{"ok", false}, {"error", {{"code", error.code}, {"message", error.message}}}});
  } else {
    const auto code = status == kUsage ? std::string() : " [" + error.code + "]";
    print(stderr, "flowmob lab: " + error.message + code + "\n");
  }
  return status;
}

/// "is up", or what ails it.
std::string health(const Domain& domain, const Json& status) {
  if (domain.healthy()) return "is up";
  std::string ended;
  for (const auto& [name, process] : status["processes"].items())
    if (!process.value("running", false)) ended += (ended.empty() ? "" : ", ") + name;
  return ended.empty() ? "is BROKEN: not all of it was started" : "is BROKEN: ended: " + ended;
}

/// What an emulated link is like only its emulator knows, which answers root alone.
bool unknown(const Json& link) { return link.contains("control") && !link.contains("parameters"); }

std::string_view link_state(const Json& link) {
  if (unknown(link)) return "?";
  if (link.value("silent", false)) return "SILENT";
  return link.value("up", true) ? "up" : "DOWN";
}

std::string link_shape(const Json& link) {
  if (unknown(link)) return "its flowmob-wire does not answer";
  return link.contains("parameters") ? link["parameters"].value("a-to-b", "") : "plain veth";
}

std::string status_text(const Domain& domain) {
  const Json status = domain.status();
  std::string text = fmt::format("lab \"{}\" {}\n\n", domain.plan().name(), health(domain, status));
  for (const auto& [node, name] : status["namespaces"].items()) {
    text += fmt::format("  {:<5} {:<20} {}\n", node, name.get<std::string>(),
                        status["addresses"].value(node, ""));
  }
  text += "\n";
  for (const Json& link : status["links"]) {
    text += fmt::format("  {:<9} {:<6} {} {}\n", link.value("name", ""), link_state(link),
                        link.value("technology", ""), link_shape(link));
  }
  return text + "\n" + what_to_try(domain.plan());
}

int print_status(const Domain& domain, bool json) {
  if (json) {
    print(domain.status());
  } else {
    print(stdout, status_text(domain));
  }
  return 0;
}

int up(const Plan& plan, const CommandLine& line) {
  catch_interrupts();
  UpOptions wanted{.engine = line.engine, .daemons = !line.no_daemons};
  wanted.say = [&](const std::string& what) { print(stderr, "  " + what + "\n"); };
  const auto domain = need_root().and_then([&] { return LabLock::take(plan); }).and_then([&](const LabLock&) {
    return Domain::up(plan, wanted);
  });
  return domain ? print_status(*domain, line.json) : failed(domain.error(), line.json);
}

int status(const Plan& plan, const CommandLine& line) {
  const auto domain = Domain::open(plan);
  return domain ? print_status(*domain, line.json) : failed(domain.error(), line.json);
}

int down(const Plan& plan, const CommandLine& line) {
  const bool was_up = Domain::anything_of(plan);
  if (auto may = was_up ? need_root() : Result<void>(); !may) return failed(may.error(), line.json);
  Domain::down(plan);
  if (line.json) {
    print({{"name", plan.name()}, {"up", false}, {"was_up", was_up}});
  } else {
    print(stdout, fmt::format("lab \"{}\" {}\n", plan.name(), was_up ? "is down" : "was not up"));
  }
  return 0;
}

int demo(const Plan& plan, const CommandLine& line) {
  catch_interrupts();
  const auto report = run_demo(plan, {.output = line.output, .engine = line.engine, .json = line.json});
  if (!report) return failed(report.error(), line.json);
  if (line.json) print(to_json(*report));
  return report->passed() ? 0 : kFailed;
}

Result<void> enter(const Plan& plan, const std::string& node) {
  const auto nodes = plan.nodes();
  if (std::ranges::find(nodes, node) == nodes.end())
    return fail("no-such-node", fmt::format("no node '{}'; there are {}", node, fmt::join(nodes, ", ")));
  if (!namespace_exists(plan.namespace_of(node)))
    return fail("no-lab",
                fmt::format("lab '{0}' is not up: flowmob lab up{1}", plan.name(), name_option(plan)));
  return need_root().and_then([&] { return enter_namespace(plan.namespace_of(node)); });
}

int exec(const Plan& plan, const CommandLine& line) {
  if (auto entered = enter(plan, line.node); !entered) return failed(entered.error(), line.json);
  std::vector<char*> argv;
  for (const std::string& word : line.command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  std::signal(SIGPIPE, SIG_DFL);
  ::execvp(argv[0], argv.data());
  return failed({"exec-failed", line.command[0] + ": cannot start"}, line.json);
}

int set_link(const Plan& plan, const CommandLine& line) {
  const auto done = Domain::open(plan).and_then(
      [&](const Domain& domain) { return domain.set_link(line.link, line.state); });
  if (!done) return failed(done.error(), line.json);
  if (line.json)
    print({{"link", line.link},
           {"up", line.state != "down"},
           {"state", line.state},
           {"begun_ns", done->begun}});
  return 0;
}

int act(const CommandLine& line) {
  const auto plan = Plan::create(line.name);
  if (!plan) return failed(plan.error(), line.json, kUsage);
  const std::map<std::string_view, int (*)(const Plan&, const CommandLine&)> actions{
      {"up", up}, {"demo", demo}, {"status", status}, {"down", down}, {"exec", exec}, {"link", set_link}};
  return actions.at(line.chosen)(*plan, line);
}

}  // namespace

int lab_main(const std::vector<std::string>& arguments) {
  // `flowmob lab demo | head` has to clean up as well.
  std::signal(SIGPIPE, SIG_IGN);
  CommandLine line;
  const bool json = asks_for_json(arguments);
  try {
    line.parse(arguments);
    return act(line);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) return line.app.exit(error);
    return failed({"usage", error.what() + std::string(json ? "" : "\nSee flowmob lab --help.")}, json,
                  kUsage);
  } catch (const std::exception& error) {
    return failed({"internal", error.what()}, json);
  }
}

}  // namespace flowmob::lab
