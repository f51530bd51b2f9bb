// SPDX-License-Identifier: Apache-2.0
#include "cli/monitor.h"

#include <fmt/format.h>

#include <chrono>
#include <csignal>

#include "cli/fields.h"
#include "cli/table.h"
#include "platform/control_events.h"

namespace flowmob::cli {
namespace {

using namespace std::chrono_literals;

volatile std::sig_atomic_t stop_requested = 0;

void request_stop(int) { stop_requested = 1; }

std::optional<platform::DaemonRole> role_of(platform::ControlClient& client) {
  const auto status = client.call("status", Json::object());
  if (!status) return std::nullopt;
  using enum platform::DaemonRole;
  for (const auto role : {Lma, Mag, Mn})
    if (text_of(*status, "role") == to_string(role)) return role;
  return std::nullopt;
}

/// Of a list of values what they are: one that has names of its own has them behind its.
void add_field(std::string& line, const std::string& name, const Json& object, const std::string& key) {
  const Json& value = field(object, key);
  if (value.is_object()) {
    for (const auto& [inner, unused] : value.items()) add_field(line, name + "." + inner, value, inner);
    return;
  }
  const std::string text = printable(text_of(object, key));
  const bool quoted = text.empty() || text.find(' ') != std::string::npos;
  line += fmt::format("  {}={}{}{}", printable(name), quoted ? "\"" : "", text, quoted ? "\"" : "");
}

}  // namespace

std::string event_line(const Json& event, const Terminal& terminal) {
  if (terminal.json) return event.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  return event_text(event, terminal.colour);
}

void stop_on_signals() {
  std::signal(SIGINT, request_stop);
  std::signal(SIGTERM, request_stop);
}

bool is_stop_requested() { return stop_requested != 0; }

std::string event_text(const Json& event, bool colour) {
  std::string line = paint(printable(text_of(event, "time")), Style::Faint, colour) + "  " +
                     paint(printable(text_of(event, "event")), Style::Bold, colour);
  for (const auto& [key, value] : event.items()) {
    if (key == "time" || key == "event" || platform::is_for_programs(key)) continue;
    add_field(line, key, event, key);
  }
  return line + "\n";
}

namespace {

/// Each step of a handover record, in its order: when, what the message says, and where that is specified.
Json explained_steps(const Json& timeline) {
  Json steps = Json::array();
  for (const auto& one : timeline) {
    const auto* known = platform::find_step(text_of(one, "step"));
    Json fields = Json::object();
    for (const auto& [key, value] : one.items())
      if (key != "step" && key != "time" && key != "at_ms") fields[key] = value;
    steps.push_back({{"step", field(one, "step")},
                     {"at_ms", field(one, "at_ms")},
                     {"fields", std::move(fields)},
                     {"reference", known && !known->reference.empty() ? Json(known->reference) : Json()},
                     {"meaning", known ? Json(known->meaning) : Json()}});
  }
  return steps;
}

std::string step_text(const Json& step) {
  std::string text =
      fmt::format("      {:>9} ms  {}", text_of(step, "at_ms"), printable(text_of(step, "step")));
  const Json& fields = field(step, "fields");
  for (const auto& [key, value] : fields.items())
    text += " " + printable(key) + "=" + printable(text_of(fields, key));
  const std::string reference = text_of(step, "reference"), meaning = text_of(step, "meaning");
  if (meaning.empty()) return text + "\n";
  return text + "\n                    " + (reference.empty() ? "" : reference + ": ") + meaning + "\n";
}

}  // namespace

Json explanation_of(const Json& event, std::optional<platform::DaemonRole> daemon) {
  const std::string name = text_of(event, "event");
  const auto* row = daemon ? platform::find_event(name, *daemon) : platform::find_event(name);
  Json keys = Json::object();
  for (const auto& [key, value] : event.items())
    if (const auto meaning = platform::meaning_of_key(key); !meaning.empty()) keys[key] = meaning;
  Json explanation{{"reference", row && !row->reference.empty() ? Json(row->reference) : Json()},
                   {"meaning", row ? Json(row->meaning) : Json()},
                   {"keys", std::move(keys)}};
  if (const auto timeline = event.find("timeline"); timeline != event.end() && timeline->is_array())
    explanation["steps"] = explained_steps(*timeline);
  return explanation;
}

std::string explanation_text(const Json& explanation, bool colour) {
  const std::string reference = text_of(explanation, "reference"), meaning = text_of(explanation, "meaning");
  std::string text = "    " + (reference.empty() ? "" : reference + ": ") +
                     (meaning.empty() ? "an event of a newer daemon" : meaning) + "\n";
  const Json& keys = field(explanation, "keys");
  for (const auto& [key, value] : keys.items())
    if (!platform::is_for_programs(key)) text += "      " + key + ": " + text_of(keys, key) + "\n";
  const Json& steps = field(explanation, "steps");
  if (steps.is_array())
    for (const auto& step : steps) text += step_text(step);
  return paint(text, Style::Faint, colour);
}

int monitor(platform::ControlClient& client, Terminal& terminal, const platform::ControlCommand& command,
            const Json& arguments, bool explains) {
  stop_on_signals();
  const auto daemon = explains ? role_of(client) : std::nullopt;
  if (auto started = client.call(command.name, arguments); !started)
    return terminal.fail_with(started.error());
  // A stream for this client alone is ended by its daemon, which has to say what it has counted.
  const auto patience = command.name == "monitor" ? 0s : 5s;
  std::optional<std::chrono::steady_clock::time_point> end;
  while (!end || std::chrono::steady_clock::now() < *end) {
    if (stop_requested != 0 && !end) {
      end = std::chrono::steady_clock::now() + patience;
      client.finish();
      continue;
    }
    // A limit, because waiting itself may go on after a signal.
    auto event = client.next_event(std::chrono::milliseconds(200));
    if (!event) return stop_requested != 0 ? 0 : terminal.fail_with(event.error());
    if (!*event) continue;
    const Json explanation = explains ? explanation_of(**event, daemon) : Json();
    if (explains && terminal.json) (**event)["explanation"] = explanation;
    std::string text = event_line(**event, terminal);
    if (explains && !terminal.json) text += explanation_text(explanation, terminal.colour);
    if (!terminal.print(text)) break;
  }
  return 0;
}

}  // namespace flowmob::cli
