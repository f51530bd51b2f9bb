// SPDX-License-Identifier: Apache-2.0
#include "cli/monitor.h"

#include <fmt/format.h>

#include <chrono>
#include <csignal>

#include "cli/fields.h"
#include "cli/table.h"

namespace flowmob::cli {
namespace {

volatile std::sig_atomic_t stop_requested = 0;

void request_stop(int) { stop_requested = 1; }

std::string line_of(const Json& event, const Terminal& terminal) {
  if (terminal.json) return event.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  return event_text(event, terminal.colour);
}

}  // namespace

std::string event_text(const Json& event, bool colour) {
  std::string line = paint(printable(text_of(event, "time")), Style::Faint, colour) + "  " +
                     paint(printable(text_of(event, "event")), Style::Bold, colour);
  for (const auto& [key, value] : event.items()) {
    if (key == "time" || key == "event") continue;
    const std::string text = printable(text_of(event, key));
    const bool quoted = text.empty() || text.find(' ') != std::string::npos;
    line += fmt::format("  {}={}{}{}", printable(key), quoted ? "\"" : "", text, quoted ? "\"" : "");
  }
  return line + "\n";
}

int monitor(platform::ControlClient& client, Terminal& terminal) {
  std::signal(SIGINT, request_stop);
  std::signal(SIGTERM, request_stop);
  if (auto started = client.monitor(); !started) return terminal.fail_with(started.error());
  while (stop_requested == 0) {
    // A limit, because waiting itself may go on after a signal.
    const auto event = client.next_event(std::chrono::milliseconds(200));
    if (!event) return stop_requested != 0 ? 0 : terminal.fail_with(event.error());
    if (*event && !terminal.print(line_of(**event, terminal))) break;
  }
  return 0;
}

}  // namespace flowmob::cli
