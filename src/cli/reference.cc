// SPDX-License-Identifier: Apache-2.0
#include "cli/reference.h"

#include <fmt/format.h>

#include <string_view>

#include "platform/control_commands.h"

namespace flowmob::cli {
namespace {

constexpr std::string_view kOpening =
    "<!-- Made by scripts/docs from the command tables; do not edit. -->\n"
    "# The command line\n\n"
    "`flowmob [OPTIONS] COMMAND ...`: options may stand anywhere. Without `--control`, a command goes to "
    "the\n"
    "daemon under `/run/flowmob/` that knows it, else to that of a running lab; where several could be "
    "meant,\n"
    "the error names them. Exit status: 0 done, 1 failed, 2 misused. What `--json` prints: "
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

std::string asked_of(const std::string& path) {
  const auto* command = platform::find_command(path);
  if (command == nullptr) return {};
  std::string daemons;
  for (const auto role : {platform::DaemonRole::Lma, platform::DaemonRole::Mag, platform::DaemonRole::Mn})
    if (command->daemons.has(role))
      daemons += fmt::format("{}`flowmob-{}d`", daemons.empty() ? "" : ", ", to_string(role));
  const bool admin = command->access == platform::CommandAccess::Admin;
  return fmt::format("\nAnswered by {}; for {}.\n", daemons,
                     admin ? "root and the daemon's user" : "everybody who may open the control socket");
}

void append(const CLI::App& command, const std::string& path, std::string& page) {
  for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; })) {
    if (sub->get_group().empty()) continue;
    const std::string name = path.empty() ? sub->get_name() : path + " " + sub->get_name();
    const bool holds_others = !sub->get_subcommands([](const CLI::App*) { return true; }).empty();
    if (!holds_others)
      page += fmt::format("\n## flowmob {}\n\n{}.\n{}{}", name, sub->get_description(), asked_of(name),
                          options_of(*sub));
    append(*sub, name, page);
  }
}

}  // namespace

std::string command_reference(const CLI::App& program) {
  std::string page = std::string(kOpening) + "\n## Options of every command\n" + options_of(program);
  append(program, "", page);
  return page;
}

}  // namespace flowmob::cli
