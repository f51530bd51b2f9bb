// SPDX-License-Identifier: Apache-2.0
#include "cli/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "daemon/config/spelling.h"

namespace flowmob::cli {
namespace {

using Words = std::vector<std::string>;

/// The first word that is neither an option nor an option's value.
Words::const_iterator first_word(const CLI::App& app, Words::const_iterator at, Words::const_iterator end) {
  for (; at != end && at->starts_with('-'); ++at) {
    const CLI::Option* option = app.get_option_no_throw(*at);
    if (option != nullptr && option->get_items_expected_min() > 0 && std::next(at) != end) ++at;
  }
  return at;
}

/// What is wrong with `word` among `subs`, and what it was probably meant to be; `before`: the words that led
/// there.
std::string no_command(const std::string& before, const std::string& word,
                       const std::vector<const CLI::App*>& subs) {
  std::vector<std::string> names;
  for (const auto* sub : subs) names.push_back(sub->get_name());
  const auto meant =
      daemon::config::did_you_mean(word, std::vector<std::string_view>(names.begin(), names.end()));
  return fmt::format("no command '{}{}'{}", before, word,
                     meant ? fmt::format("; did you mean '{}{}'?", before, *meant) : "");
}

/// The command that is no command; nothing if that is not the trouble.
std::optional<std::string> unknown_command(const CLI::App& app, const Words& arguments) {
  const CLI::App* group = &app;
  std::string before;
  for (auto at = arguments.begin();; ++at) {
    const auto subs = group->get_subcommands([](const CLI::App* sub) { return !sub->get_group().empty(); });
    at = first_word(app, at, arguments.end());
    if (subs.empty() || at == arguments.end()) return std::nullopt;
    const auto known = std::ranges::find(subs, *at, &CLI::App::get_name);
    if (known == subs.end()) return no_command(before, *at, subs);
    group = *known;
    before += *at + " ";
  }
}

int usage_error(const Program& program, Terminal& terminal, const CLI::ParseError& error,
                const std::vector<std::string>& arguments) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) return program.app.exit(error);
  const std::string what = unknown_command(program.app, arguments).value_or(error.what());
  return terminal.fail_with({"usage", what + (terminal.json ? "" : "\nSee flowmob --help.")}, kUsage);
}

/// `flowmob [options] lab ...` where the lab is part of the program: its words are its own.
std::optional<Words> lab_words(const CLI::App& app, const Words& arguments) {
  const auto word = first_word(app, arguments.begin(), arguments.end());
  if (word == arguments.end() || *word != "lab") return std::nullopt;
  // Options that stand before the word stay in front: at the end they would be arguments of `lab exec`.
  Words words(arguments.begin(), word);
  words.insert(words.end(), word + 1, arguments.end());
  return words;
}

}  // namespace

Program::Program(Surroundings around)
    : app("Proxy Mobile IPv6 with per-flow mobility", "flowmob"), surroundings(std::move(around)) {
  app.require_subcommand(1);
  app.fallthrough();  // so that --json and --control may stand anywhere
  app.add_flag("--json", json, "one JSON document (docs/json.md), errors too");
  app.add_flag("--no-color", no_color, "no colours, also on a terminal");
  app.add_option("--control", control,
                 "the daemon to ask: its name (lma, or mylab/mag1) or the path of its control socket");
  add_control_commands(*this);
  add_check_command(*this);
  add_policy_check_command(*this);
  add_doctor_command(*this);
  add_decode_command(*this);
  add(nullptr, "lab", "a whole domain in network namespaces on this machine: see `flowmob lab --help`",
      [this](Terminal&) { return surroundings.lab({}); });
  add_version_command(*this);
  add_docs_command(*this);
}

CLI::App* Program::add(CLI::App* parent, const std::string& name, const std::string& help, Action action) {
  CLI::App* added = (parent == nullptr ? &app : parent)->add_subcommand(name, help);
  added->final_callback([this, added, action = std::move(action)] {
    // CLI11 comes here after the subcommand of a command that has some and is one itself.
    if (added->get_subcommands().empty()) chosen = action;
  });
  return added;
}

CLI::App* Program::group(const std::string& name, const std::string& help) {
  const auto known = app.get_subcommands([&](const CLI::App* sub) { return sub->get_name() == name; });
  if (!known.empty()) return known.front();
  auto* added = app.add_subcommand(name, help);
  added->require_subcommand(1);
  return added;
}

int run(const std::vector<std::string>& arguments, Terminal& terminal, const Surroundings& surroundings) {
  Program program(surroundings);
  if (const auto words = lab_words(program.app, arguments)) return surroundings.lab(*words);
  // A reader that goes away (head, a pager) is an error of print(), not a signal.
  std::signal(SIGPIPE, SIG_IGN);
  terminal.json = std::ranges::find(arguments, "--json") != arguments.end();
  try {
    program.app.parse(
        std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 wants it reversed
    terminal.json = program.json;
    terminal.colour = terminal.colour && !program.no_color;
    return program.chosen(terminal);
  } catch (const CLI::ParseError& error) {
    return usage_error(program, terminal, error, arguments);
  } catch (const std::exception& error) {
    return terminal.fail_with({"internal", error.what()});
  }
}

}  // namespace flowmob::cli
