// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "lab/demo/steps.h"

namespace flowmob::lab::judge {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 2> kMagTitle{"MAG1", "MAG2"};

/// Who is reached where: the part of a binding table that a restart must not change.
std::set<std::string> who_is_where(const Json& bindings) {
  std::set<std::string> rows;
  const Json& list = bindings.is_object() && bindings.contains("bindings") ? bindings["bindings"] : bindings;
  for (const Json& row : list) {
    if (!row.is_object()) continue;
    std::string text;
    for (const char* key : {"mn", "mn_id", "address", "prefixes", "flow", "mag"}) {
      if (row.contains(key)) text += row[key].dump() + " ";
    }
    rows.insert(text);
  }
  return rows;
}

/// The first message with which the MAG of the dead link says so.
const SignallingMessage* first_deregistration(const Demo& demo, std::string_view link, Nanoseconds after) {
  const auto& all = demo.observations().signalling();
  const auto found = std::ranges::find_if(all, [&](const SignallingMessage& m) {
    return m.link == link && m.time >= after && m.binding && !m.binding->acknowledgement &&
           m.binding->lifetime == 0;
  });
  return found == all.end() ? nullptr : &*found;
}

Nanoseconds longest_gap(const StepReport& step, std::initializer_list<FlowKind> flows) {
  Nanoseconds longest = 0;
  for (const FlowOutcome& outcome : step.flows) {
    if (std::ranges::count(flows, outcome.flow) > 0) longest = std::max(longest, outcome.summary.longest_gap);
  }
  return longest;
}

}  // namespace

void lossless(const Demo&, StepReport& step) {
  std::uint64_t sent = 0, lost = 0, duplicated = 0;
  for (const FlowOutcome& outcome : step.flows) {
    sent += outcome.summary.sent;
    lost += outcome.summary.lost;
    duplicated += outcome.summary.duplicated;
  }
  const bool all_flow =
      std::ranges::all_of(step.flows, [](const FlowOutcome& f) { return f.summary.received > 0; });
  step.checks.push_back(
      {fmt::format("{} packets sent, {} lost, {} duplicated, all flows, both ways", sent, lost, duplicated),
       all_flow && lost == 0 && duplicated == 0});
}

void same_connection(const Demo& demo, StepReport& step) {
  const Json& now = step.connection;
  const bool same = !now.empty() && now == demo.first_connection();
  step.checks.push_back({fmt::format("the download's TCP connection is the same: {} (inode {})",
                                     now.value("local", "none"), now.value("inode", "none")),
                         same});
}

void bindings_kept(const Demo&, StepReport& step) {
  const auto before = who_is_where(step.bindings_before), after = who_is_where(step.bindings_after);
  step.checks.push_back({fmt::format("the restarted LMA knows all {} bindings", before.size()),
                         !before.empty() && before == after});
}

void hard_failure(const Demo& demo, StepReport& step) {
  const SignallingMessage* told = first_deregistration(demo, "lma-mag2", demo.event_time());
  const auto exchange = std::ranges::find_if(step.signalling.exchanges, [&](const Exchange& e) {
    return told != nullptr && e.link == told->link && e.asked == told->time;
  });
  const bool answered = exchange != step.signalling.exchanges.end();
  step.checks.push_back({"MAG2 noticed, told the LMA and was answered", answered});
  if (!answered) return;
  step.failure = FailureParts{.detection = told->time - demo.event_time(),
                              .round_trip = exchange->answered - exchange->asked,
                              .longest_gap = longest_gap(step, {FlowKind::Download, FlowKind::Ping})};
  step.checks.push_back(
      {fmt::format("no flow of the dead link was silent for more than {:.1f} ms (longest: {:.1f} ms)",
                   to_ms(step.failure->bound()), to_ms(step.failure->longest_gap)),
       step.failure->longest_gap <= step.failure->bound()});
  const FlowOutcome* down = step.find(FlowKind::Video, Way::Down);
  const FlowOutcome* up = step.find(FlowKind::Video, Way::Up);
  step.checks.push_back({"video, on the other link, lost nothing",
                         down != nullptr && up != nullptr && down->summary.lost + up->summary.lost == 0});
}

Judge flow_ends_on(FlowKind flow, std::size_t access) {
  return [=](const Demo&, StepReport& step) {
    bool there = true;
    for (const Way way : kWays) {
      const FlowOutcome* outcome = step.find(flow, way);
      there = there && outcome != nullptr && outcome->last_frames[access] > 0 &&
              outcome->last_frames[1 - access] == 0;
    }
    step.checks.push_back(
        {fmt::format("{} now uses {} alone, both ways", to_string(flow), kMagTitle[access]), there});
  };
}

Judge flow_stays_on(FlowKind flow, std::size_t access) {
  return [=](const Demo&, StepReport& step) {
    std::uint64_t here = 0, elsewhere = 0;
    for (const Way way : kWays) {
      const FlowOutcome* outcome = step.find(flow, way);
      here += outcome != nullptr ? outcome->frames[access] : 0;
      elsewhere += outcome != nullptr ? outcome->frames[1 - access] : 0;
    }
    step.checks.push_back({fmt::format("{} stayed on {}: {} frames there, {} on {}", to_string(flow),
                                       kMagTitle[access], here, elsewhere, kMagTitle[1 - access]),
                           here > 0 && elsewhere == 0});
  };
}

}  // namespace flowmob::lab::judge
