// SPDX-License-Identifier: Apache-2.0
#include "cli/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "platform/control_commands.h"

namespace flowmob::cli {
namespace {

using Others = std::vector<std::shared_ptr<const CLI::App>>;

constexpr std::string_view kOpening =
    "<!-- Made by scripts/docs from the command tables; do not edit. -->\n"
    "# The command line\n\n"
    "`flowmob [OPTIONS] COMMAND ...`: options may stand anywhere. Without `--control`, a command goes to "
    "the\n"
    "daemon under `/run/flowmob/` that knows it, else to that of a running lab; where several could be "
    "meant,\n"
    "the error names them. Exit status: 0 done, 1 failed, 2 misused; an error ends with its code, as in "
    "`[no-such-flow]`. What `--json` prints: "
    "[json.md](json.md).\n";

std::string spelled(const CLI::Option& option) {
  if (option.get_positional()) return option.get_name(true);
  std::string name = option.get_name();
  if (option.get_items_expected_max() > 0) name += " " + option.get_type_name();
  return name;
}

std::string options_of(const CLI::App& command) {
  std::string rows;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_name() == "--help") continue;
    rows += fmt::format("| `{}` | {}{} |\n", spelled(*option), option->get_description(),
                        option->get_required() ? " (required)" : "");
  }
  return rows.empty() ? "" : "\n| argument | what it is |\n|---|---|\n" + rows;
}

/// `path` begins with the program's name.
std::string asked_of(const std::string& path) {
  const auto* command = platform::find_command(path.substr(path.find(' ') + 1));
  if (command == nullptr) return {};
  std::string daemons;
  for (const auto role : {platform::DaemonRole::Lma, platform::DaemonRole::Mag, platform::DaemonRole::Mn})
    if (command->daemons.has(role))
      daemons += fmt::format("{}`flowmob-{}d`", daemons.empty() ? "" : ", ", to_string(role));
  const bool admin = command->access == platform::CommandAccess::Admin;
  return fmt::format("\nAnswered by {}; for {}.\n", daemons,
                     admin ? "root and the daemon's user" : "everybody who may open the control socket");
}

std::vector<const CLI::App*> commands_of(const CLI::App& command) {
  auto subs = command.get_subcommands([](const CLI::App* sub) { return !sub->get_group().empty(); });
  return {subs.begin(), subs.end()};
}

/// A description may be a line or a paragraph of them.
std::string sentence(std::string text) {
  if (!text.ends_with('.')) text += '.';
  return text;
}

/// A program with a description of its own, then its commands.
void append_other(const CLI::App& program, std::string& page) {
  page += fmt::format("\n## {}\n\n{}\n{}", program.get_name(), sentence(program.get_description()),
                      options_of(program));
  for (const CLI::App* sub : commands_of(program))
    page += fmt::format("\n### {} {}\n\n{}\n{}", program.get_name(), sub->get_name(),
                        sentence(sub->get_description()), options_of(*sub));
}

/// Some commands that hold others do something themselves.
bool is_command(const std::string& path) {
  return platform::find_command(path.substr(path.find(' ') + 1)) != nullptr;
}

/// One section for `command`, or for each of those that it holds.
void append(const CLI::App& command, const std::string& path, const Others& others, std::string& page) {
  const auto subs = commands_of(command);
  if (subs.empty() || is_command(path))
    page += fmt::format("\n## {}\n\n{}\n{}{}", path, sentence(command.get_description()), asked_of(path),
                        options_of(command));
  for (const CLI::App* sub : subs) {
    const std::string name = path + " " + sub->get_name();
    const auto other = std::ranges::find(others, name, [](const auto& app) { return app->get_name(); });
    if (other == others.end())
      append(*sub, name, others, page);
    else
      append_other(**other, page);
  }
}

}  // namespace

std::string command_reference(const CLI::App& program, const Others& others) {
  std::string page = std::string(kOpening) + "\n## Options of every command\n" + options_of(program);
  append(program, program.get_name(), others, page);
  for (const auto& other : others)
    if (!other->get_name().starts_with(program.get_name() + " ")) append_other(*other, page);
  return page;
}

}  // namespace flowmob::cli
