// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "lab/demo/captures.h"
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
  std::uint64_t unmatched{};                   ///< came, but were not seen to leave
  std::vector<Loss> losses{};                  ///< as many as the summary says are lost
  /// On each access link, behind the step's event.
  std::array<std::optional<Nanoseconds>, 2> first_frames{};
};

/// Something the step has to show, and whether it did.
struct Check {
  std::string claim;
  bool holds = false;
};

/// What a hard failure cost, in parts that add up to the longest gap.
struct FailureParts {
  Nanoseconds detection{};   ///< carrier lost until the MAG says so to the LMA
  Nanoseconds round_trip{};  ///< MAG to LMA and back, as the links are configured: not what it took this time
  Nanoseconds pbu_to_pba{};  ///< what it took this time
  Nanoseconds longest_gap{};
  static constexpr Nanoseconds kAllowance = 50'000'000;
  /// A MAG looks at its carriers every 2 ms; the rest is for a machine that lets it wait.
  static constexpr Nanoseconds kDetectionLimit = 50'000'000;
  /// Negative where the gap was shorter than its parts: what was under way still came.
  Nanoseconds remaining() const { return longest_gap - detection - round_trip; }
  Nanoseconds bound() const { return detection + round_trip + kAllowance; }
};

/// What became of the mobile node's decision, each since then.
struct NodeMove {
  Nanoseconds uplink{};     ///< its first packet by the new link
  Nanoseconds announced{};  ///< the gateway there tells the LMA
  Nanoseconds answered{};
  Nanoseconds downlink{};  ///< the first packet by the new link
};

struct StepReport {
  std::string name, title;
  std::vector<FlowKind> concerned;  ///< flows that the event is about: it moves them, or takes their link
  Nanoseconds begin{}, event{}, end{};
  std::vector<FlowOutcome> flows;
  SignallingSummary signalling;
  std::optional<FailureParts> failure;
  std::optional<NodeMove> node_move;
  nlohmann::ordered_json handovers = nlohmann::ordered_json::array();  ///< the LMA's records of its moves
  std::vector<Check> checks;
  nlohmann::ordered_json bindings_before, bindings_after, connection;

  bool passed() const;
  const FlowOutcome* find(FlowKind flow, Way way) const;
  Nanoseconds longest_silence() const;  ///< of the flows concerned, both ways
};

struct DemoReport {
  std::vector<StepReport> steps;
  /// Why steps are missing. A demo has not ended until its last step has.
  std::optional<Error> unfinished = Error{"unfinished", "the demo has not ended"};
  nlohmann::ordered_json download, links;
  std::vector<CaptureCounts> captures;
  bool passed() const;
};

/// The open predecessors' handover of a whole node, measured in the same kind of lab.
inline constexpr std::array kPredecessorsMs{700, 800};

/// Of two answers to `show handovers` what only the later one has. A restarted LMA counts from 1 again.
nlohmann::ordered_json new_handovers(const nlohmann::ordered_json& before,
                                     const nlohmann::ordered_json& after);

nlohmann::ordered_json to_json(const StepReport& step);
nlohmann::ordered_json to_json(const DemoReport& report);

/// A step's verdict for people: a table of flows, signalling, failure parts, checks.
std::string step_text(const StepReport& step, bool colour);
std::string closing_text(const DemoReport& report, bool colour);
/// In a few words.
std::string outcome_text(const DemoReport& report);

}  // namespace flowmob::lab
