// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/report.h"

#include <algorithm>

namespace flowmob::lab {
namespace {

using Json = nlohmann::ordered_json;

const char* verdict(bool passed) { return passed ? "pass" : "fail"; }

Json to_json(const FlowOutcome& outcome) {
  Json json{{"name", to_string(outcome.flow)}, {"direction", to_string(outcome.way)}};
  json["redundant"] = is_redundant(outcome.flow);
  json.update(flowmob::lab::to_json(outcome.summary));
  json["unmatched"] = outcome.unmatched;
  for (std::size_t i = 0; i < kAccessLinks.size(); ++i) json["frames"][kAccessLinks[i]] = outcome.frames[i];
  return json;
}

Json to_json(const FailureParts& parts) {
  return {{"detection_ms", to_ms(parts.detection)},
          {"detection_limit_ms", to_ms(FailureParts::kDetectionLimit)},
          {"mag_lma_round_trip_ms", to_ms(parts.round_trip)},
          {"pbu_to_pba_ms", to_ms(parts.pbu_to_pba)},
          {"remaining_ms", to_ms(parts.remaining())},
          {"longest_gap_ms", to_ms(parts.longest_gap)},
          {"bound_ms", to_ms(parts.bound())},
          {"predecessors_ms", kPredecessorsMs}};
}

Json to_json(const NodeMove& move) {
  return {{"uplink_ms", to_ms(move.uplink)},
          {"announced_ms", to_ms(move.announced)},
          {"answered_ms", to_ms(move.answered)},
          {"downlink_ms", to_ms(move.downlink)}};
}

}  // namespace

Json new_handovers(const Json& before, const Json& after) {
  Json found = Json::array();
  if (!after.is_object()) return found;
  const bool same = before.is_object() && before["since"] == after["since"];
  const Json& known = same ? before["handovers"] : found;
  const auto last = known.empty() ? 0 : known.back().value("handover", 0);
  for (const Json& record : after.value("handovers", Json::array())) {
    if (record.value("handover", 0) > last) found.push_back(record);
  }
  return found;
}

bool StepReport::passed() const { return !checks.empty() && std::ranges::all_of(checks, &Check::holds); }

const FlowOutcome* StepReport::find(FlowKind flow, Way way) const {
  const auto found =
      std::ranges::find_if(flows, [&](const FlowOutcome& f) { return f.flow == flow && f.way == way; });
  return found == flows.end() ? nullptr : &*found;
}

Nanoseconds StepReport::longest_silence() const {
  Nanoseconds longest = 0;
  for (const FlowOutcome& outcome : flows) {
    if (std::ranges::count(concerned, outcome.flow) > 0)
      longest = std::max(longest, outcome.summary.longest_gap);
  }
  return longest;
}

bool DemoReport::passed() const {
  return !unfinished && !steps.empty() && std::ranges::all_of(steps, &StepReport::passed);
}

Json to_json(const StepReport& step) {
  Json flows = Json::array(), checks = Json::array(), concerned = Json::array();
  for (const FlowKind flow : step.concerned) concerned.push_back(to_string(flow));
  for (const FlowOutcome& outcome : step.flows) flows.push_back(to_json(outcome));
  for (const Check& check : step.checks) checks.push_back({{"claim", check.claim}, {"holds", check.holds}});
  Json json{{"name", step.name},
            {"title", step.title},
            {"verdict", verdict(step.passed())},
            {"begin_ns", step.begin},
            {"event_ns", step.event},
            {"end_ns", step.end},
            {"concerned", concerned},
            {"longest_silence_ms", to_ms(step.longest_silence())},
            {"flows", flows},
            {"signalling", to_json(step.signalling)},
            {"checks", checks}};
  if (step.failure) json["failure"] = to_json(*step.failure);
  if (step.node_move) json["node_move"] = to_json(*step.node_move);
  json["handovers"] = step.handovers;
  json["connection"] = step.connection;
  json["bindings_before"] = step.bindings_before;
  json["bindings_after"] = step.bindings_after;
  return json;
}

Json to_json(const DemoReport& report) {
  Json steps = Json::array(), captures = Json::array();
  for (const StepReport& step : report.steps) steps.push_back(to_json(step));
  for (const CaptureCounts& c : report.captures)
    captures.push_back({{"link", c.link}, {"captured", c.captured}, {"dropped", c.dropped}});
  const auto& unfinished = report.unfinished;
  return {{"verdict", verdict(report.passed())},
          {"interrupted", unfinished && unfinished->code == "interrupted"},
          {"reason", unfinished ? Json(unfinished->message) : Json()},
          {"predecessors_handover_ms", kPredecessorsMs},
          {"links", report.links},
          {"download", report.download},
          {"captures", captures},
          {"steps", steps}};
}

}  // namespace flowmob::lab
