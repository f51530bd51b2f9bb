// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lab/demo/observations.h"
#include "lab/demo/signalling.h"
#include "lab/stats/arrivals.h"

namespace flowmob::lab {

/// One direction of one flow during a step.
struct FlowOutcome {
  FlowKind flow{};
  Way way{};
  FlowSummary summary;
  std::array<std::uint64_t, 2> frames{};       ///< on each access link, in the whole step
  std::array<std::uint64_t, 2> last_frames{};  ///< and in its last second
};

/// Something the step has to show, and whether it did.
struct Check {
  std::string claim;
  bool holds = false;
};

/// What a hard failure cost, in parts that add up to the longest gap.
struct FailureParts {
  Nanoseconds detection{};   ///< carrier lost until the MAG says so to the LMA
  Nanoseconds round_trip{};  ///< that PBU until its PBA
  Nanoseconds longest_gap{};
  static constexpr Nanoseconds kAllowance = 50'000'000;
  Nanoseconds remaining() const { return std::max<Nanoseconds>(0, longest_gap - detection - round_trip); }
  Nanoseconds bound() const { return detection + round_trip + kAllowance; }
};

struct StepReport {
  std::string name, title;
  Nanoseconds begin{}, event{}, end{};
  std::vector<FlowOutcome> flows;
  SignallingSummary signalling;
  std::optional<FailureParts> failure;
  std::vector<Check> checks;
  nlohmann::ordered_json bindings_before, bindings_after, connection;

  bool passed() const;
  const FlowOutcome* find(FlowKind flow, Way way) const;
};

struct DemoReport {
  std::vector<StepReport> steps;
  nlohmann::ordered_json download, links;
  bool passed() const;
};

/// The open predecessors' handover of a whole node, measured in the same kind of lab.
inline constexpr std::array kPredecessorsMs{700, 800};

nlohmann::ordered_json to_json(const StepReport& step);
nlohmann::ordered_json to_json(const DemoReport& report);

/// A step's verdict for people: a table of flows, signalling, failure parts, checks.
std::string step_text(const StepReport& step, bool colour);
std::string closing_text(const DemoReport& report, bool colour);

}  // namespace flowmob::lab
