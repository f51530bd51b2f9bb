// SPDX-License-Identifier: Apache-2.0
// The commands that daemons answer, made from the table that daemons dispatch by.
#include "platform/control_commands.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>

#include "cli/capture.h"
#include "cli/monitor.h"
#include "cli/program.h"
#include "cli/render.h"
#include "cli/socket_selection.h"
#include "platform/control_client.h"

namespace flowmob::cli {
namespace {

using platform::ArgumentType;
using platform::CommandArgument;
using platform::ControlClient;
using platform::ControlCommand;

/// What was given for each argument of one command, as words; empty: not given.
using ArgumentWords = std::vector<std::vector<std::string>>;

std::string option_name(const CommandArgument& argument) {
  std::string name(argument.name);
  std::ranges::replace(name, '_', '-');
  return argument.positional ? name : "--" + name;
}

void add_argument(CLI::App& command, const CommandArgument& argument, std::vector<std::string>& words) {
  if (argument.type == ArgumentType::Boolean) {
    command.add_flag_callback(
        option_name(argument), [&words] { words = {"true"}; }, std::string(argument.help));
    return;
  }
  auto* option = command.add_option(option_name(argument), words, std::string(argument.help));
  option->required(argument.required);
  if (argument.type == ArgumentType::StringList) {
    option->allow_extra_args(argument.positional)->delimiter(',')->type_name("WORD,...");
  } else {
    option->expected(1);
    option->type_name(argument.type == ArgumentType::Integer ? "NUMBER"
                      : argument.type == ArgumentType::File  ? "FILE"
                                                             : "TEXT");
  }
}

Json argument_value(ArgumentType type, const std::vector<std::string>& words) {
  const std::string& word = words.front();
  if (type == ArgumentType::StringList) return words;
  if (type == ArgumentType::Boolean && (word == "true" || word == "false")) return word == "true";
  if (type == ArgumentType::File) return std::filesystem::absolute(word).lexically_normal().string();
  std::int64_t number = 0;
  const char* end = word.data() + word.size();
  if (type == ArgumentType::Integer && std::from_chars(word.data(), end, number).ptr == end) return number;
  return word;  // of another type than the table wants: check_arguments() says so
}

Json make_arguments(const ControlCommand& command, const ArgumentWords& words) {
  Json arguments = Json::object();
  for (std::size_t i = 0; i < command.arguments.size(); ++i)
    if (!words[i].empty())
      arguments[std::string(command.arguments[i].name)] = argument_value(command.arguments[i].type, words[i]);
  return arguments;
}

Result<ControlClient> connect(const ControlCommand& command, const Program& program) {
  const bool changes = command.access == platform::CommandAccess::Admin && !command.anchor_first;
  auto socket =
      select_socket({program.control, command.daemons, changes, program.surroundings.run_folder}, ask_role);
  if (!socket) return tl::unexpected(socket.error());
  return ControlClient::connect(*socket);
}

Result<Answer> ask(const ControlCommand& command, const Program& program, const Json& arguments,
                   const Terminal& terminal) {
  if (auto valid = check_arguments(command, arguments); !valid) return tl::unexpected(valid.error());
  auto client = connect(command, program);
  if (!client) return tl::unexpected(client.error());
  auto result = client->call(command.name, arguments);
  if (!result) return tl::unexpected(result.error());
  Answer answer;
  if (!terminal.json) answer.text = render(command.name, *result, {terminal.width, terminal.colour});
  answer.document = std::move(*result);
  return answer;
}

/// What of a command that streams is the command line's own.
struct StreamOptions {
  bool explains = false;
  CaptureOptions capture{};
};

int stream(const ControlCommand& command, const Program& program, Terminal& terminal, const Json& arguments,
           const StreamOptions& options) {
  if (auto valid = check_arguments(command, arguments); !valid) return terminal.fail_with(valid.error());
  auto client = connect(command, program);
  if (!client) return terminal.fail_with(client.error());
  if (command.name == "capture") return capture(*client, terminal, arguments, options.capture);
  return monitor(*client, terminal, command, arguments, options.explains);
}

std::string help_of(const std::string& group) {
  if (group == "show") return "shows what a daemon holds";
  return group == "policy" ? kPolicyHelp : "changes a " + group;
}

void add_stream_options(CLI::App& app, const ControlCommand& command, StreamOptions& options) {
  if (command.name != "capture") {
    app.add_flag("--explain", options.explains,
                 "behind each event what it is, where it is specified, and what its keys mean");
    return;
  }
  app.add_option(
         "-w", options.capture.file,
         "a pcapng file, which Wireshark reads; \"-\": standard output; a line for each packet if absent")
      ->type_name("FILE");
  app.add_option("--count", options.capture.count, "ends after so many packets")->type_name("NUMBER");
  app.add_option("--seconds", options.capture.seconds, "ends after so many seconds")->type_name("NUMBER");
}

void add_command(Program& program, const ControlCommand& command) {
  const auto space = command.name.find(' ');
  CLI::App* parent = nullptr;
  if (space != std::string_view::npos) {
    const std::string group(command.name.substr(0, space));
    parent = program.group(group, help_of(group));
  }
  const std::string name(command.name.substr(space == std::string_view::npos ? 0 : space + 1));
  auto words = std::make_shared<ArgumentWords>(command.arguments.size());
  auto options = std::make_shared<StreamOptions>();
  auto* added = program.add(
      parent, name, std::string(command.help), [&program, &command, words, options](Terminal& terminal) {
        if (command.streams)
          return stream(command, program, terminal, make_arguments(command, *words), *options);
        return terminal.finish(ask(command, program, make_arguments(command, *words), terminal));
      });
  for (std::size_t i = 0; i < command.arguments.size(); ++i)
    add_argument(*added, command.arguments[i], (*words)[i]);
  if (command.streams) add_stream_options(*added, command, *options);
}

}  // namespace

void add_control_commands(Program& program) {
  for (const ControlCommand& command : platform::control_commands()) add_command(program, command);
}

}  // namespace flowmob::cli
