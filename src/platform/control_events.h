// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "platform/control_commands.h"

/// What the daemons' events mean, for people: `flowmob monitor --explain`. docs/json.md names the same events
/// and keys, and a test holds the two and the daemons' sources together.
namespace flowmob::platform {

struct EventMeaning {
  std::string_view name;
  DaemonRoles daemons;
  std::string_view reference;  ///< where it is specified, "RFC 5213 section 5.3.1"; empty: our own
  std::string_view meaning;
};
std::span<const EventMeaning> event_meanings();
/// As `role` says it; nullptr: of a newer daemon.
const EventMeaning* find_event(std::string_view name, DaemonRole role);
/// As any daemon says it.
const EventMeaning* find_event(std::string_view name);

/// A step in a handover record's timeline.
struct StepMeaning {
  std::string_view step;
  std::string_view reference;  ///< empty: our own
  std::string_view meaning;
};
std::span<const StepMeaning> step_meanings();
const StepMeaning* find_step(std::string_view step);  ///< nullptr: of a newer daemon

struct KeyMeaning {
  std::string_view key;
  std::string_view meaning;
};
std::span<const KeyMeaning> key_meanings();
/// Empty: of a newer daemon.
std::string_view meaning_of_key(std::string_view key);

}  // namespace flowmob::platform
