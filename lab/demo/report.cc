// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/report.h"

#include <algorithm>

namespace flowmob::lab {
namespace {

using Json = nlohmann::ordered_json;

const char* verdict(bool passed) { return passed ? "pass" : "fail"; }

Json to_json(const FlowOutcome& outcome) {
  Json json{{"name", to_string(outcome.flow)}, {"direction", to_string(outcome.way)}};
  json.update(flowmob::lab::to_json(outcome.summary));
  for (std::size_t i = 0; i < kAccessLinks.size(); ++i) json["frames"][kAccessLinks[i]] = outcome.frames[i];
  return json;
}

Json to_json(const FailureParts& parts) {
  return {{"detection_ms", to_ms(parts.detection)},   {"mag_lma_round_trip_ms", to_ms(parts.round_trip)},
          {"remaining_ms", to_ms(parts.remaining())}, {"longest_gap_ms", to_ms(parts.longest_gap)},
          {"bound_ms", to_ms(parts.bound())},         {"predecessors_ms", kPredecessorsMs}};
}

}  // namespace

bool StepReport::passed() const { return std::ranges::all_of(checks, &Check::holds); }

const FlowOutcome* StepReport::find(FlowKind flow, Way way) const {
  const auto found =
      std::ranges::find_if(flows, [&](const FlowOutcome& f) { return f.flow == flow && f.way == way; });
  return found == flows.end() ? nullptr : &*found;
}

bool DemoReport::passed() const { return !steps.empty() && std::ranges::all_of(steps, &StepReport::passed); }

Json to_json(const StepReport& step) {
  Json flows = Json::array(), checks = Json::array();
  for (const FlowOutcome& outcome : step.flows) flows.push_back(to_json(outcome));
  for (const Check& check : step.checks) checks.push_back({{"claim", check.claim}, {"holds", check.holds}});
  Json json{{"name", step.name},
            {"title", step.title},
            {"verdict", verdict(step.passed())},
            {"begin_ns", step.begin},
            {"event_ns", step.event},
            {"end_ns", step.end},
            {"flows", flows},
            {"signalling", to_json(step.signalling)},
            {"checks", checks}};
  if (step.failure) json["failure"] = to_json(*step.failure);
  json["connection"] = step.connection;
  json["bindings_before"] = step.bindings_before;
  json["bindings_after"] = step.bindings_after;
  return json;
}

Json to_json(const DemoReport& report) {
  Json steps = Json::array();
  for (const StepReport& step : report.steps) steps.push_back(to_json(step));
  return {{"verdict", verdict(report.passed())},
          {"predecessors_handover_ms", kPredecessorsMs},
          {"links", report.links},
          {"download", report.download},
          {"steps", steps}};
}

}  // namespace flowmob::lab
