// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/judges.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace flowmob::lab::judge {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 2> kMagTitle{"MAG1", "MAG2"};
constexpr std::array<std::string_view, 2> kMagLink{"lma-mag1", "lma-mag2"};

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

/// The first accepted message of a MAG behind the event: that its link is dead, or what it has noticed.
const Exchange* accepted(const StepReport& step, std::string_view link, Nanoseconds after, bool leaves) {
  const auto found = std::ranges::find_if(step.signalling.exchanges, [&](const Exchange& e) {
    return e.link == link && e.asked >= after && (e.lifetime == 0) == leaves && e.status == 0;
  });
  return found == step.signalling.exchanges.end() ? nullptr : &*found;
}

bool flows_both_ways(const StepReport& step, FlowKind flow) {
  return std::ranges::all_of(kWays, [&](Way way) {
    const FlowOutcome* outcome = step.find(flow, way);
    return outcome != nullptr && outcome->summary.received > 0;
  });
}

struct Count {
  std::uint64_t sent = 0, lost = 0, duplicated = 0;
};

/// Of one flow, both ways; nothing if a way is missing.
std::optional<Count> count_of(const StepReport& step, FlowKind flow) {
  if (!flows_both_ways(step, flow)) return {};
  Count count;
  for (const Way way : kWays) {
    const FlowSummary& summary = step.find(flow, way)->summary;
    count.sent += summary.sent;
    count.lost += summary.lost;
    count.duplicated += summary.duplicated;
  }
  return count;
}

bool uses_both_links(const StepReport& step, FlowKind flow) {
  return std::ranges::all_of(kWays, [&](Way way) {
    const FlowOutcome* outcome = step.find(flow, way);
    return outcome != nullptr && std::ranges::all_of(outcome->frames, [](auto n) { return n > 0; });
  });
}

void gap_within_bound(const FailureParts& parts, StepReport& step) {
  step.checks.push_back({fmt::format("the lost carrier was noticed within {:.0f} ms: {:.1f} ms",
                                     to_ms(FailureParts::kDetectionLimit), to_ms(parts.detection)),
                         parts.detection >= 0 && parts.detection <= FailureParts::kDetectionLimit});
  step.checks.push_back(
      {fmt::format("no flow of the dead link was silent for more than {:.1f} ms (longest: {:.1f} ms)",
                   to_ms(parts.bound()), to_ms(parts.longest_gap)),
       parts.longest_gap > 0 && parts.longest_gap <= parts.bound()});
}

std::optional<NodeMove> node_move(const StepReport& step, const Exchange* told, Nanoseconds event) {
  const auto first = [&](Way way) {
    const FlowOutcome* outcome = step.find(FlowKind::Video, way);
    return outcome == nullptr ? std::nullopt : outcome->first_frames[1];
  };
  const auto up = first(Way::Up), down = first(Way::Down);
  if (told == nullptr || !up || !down) return {};
  return NodeMove{*up - event, told->asked - event, told->answered - event, *down - event};
}

/// Of all moves of the step there is one record, and it says so.
bool only_move_was_announced(const Json& records) {
  return records.size() == 1 && records[0].value("trigger", "") == "announcement" &&
         records[0].value("from", Json()) == "mag1" && records[0].value("to", Json()) == "mag2";
}

/// Longer than any packet is under way, queues included.
constexpr Nanoseconds kUnderWay = 100'000'000;

bool was_on_the_dead_link(const Loss& loss, const Exchange& told, Nanoseconds event) {
  return loss.sent >= event - kUnderWay && loss.sent <= told.answered && loss.access.value_or(1) == 1;
}

/// What the failure may cost: packets that went towards the dead link before the LMA knew.
void lost_on_the_dead_link(const Exchange& told, Nanoseconds event, StepReport& step) {
  std::uint64_t lost = 0;
  bool all = !step.flows.empty();
  for (const FlowOutcome& outcome : step.flows) {
    lost += outcome.summary.lost;
    all = all && outcome.losses.size() == outcome.summary.lost &&
          std::ranges::all_of(outcome.losses,
                              [&](const Loss& loss) { return was_on_the_dead_link(loss, told, event); });
  }
  step.checks.push_back(
      {fmt::format("{} packets lost, all sent before the path changed, upwards all on the dead link", lost),
       all});
}

}  // namespace

Judge has_address(const std::string& address) {
  return [=](const Evidence&, StepReport& step) {
    step.checks.push_back(
        {fmt::format("{} has the global address {}", kVirtualInterface, address.empty() ? "(none)" : address),
         !address.empty()});
  };
}

void both_registered(const Evidence&, StepReport& step) {
  const bool both = std::ranges::all_of(kMagLink, [&](std::string_view link) {
    return std::ranges::any_of(step.signalling.exchanges, [&](const Exchange& e) {
      return e.link == link && e.lifetime > 0 && e.status == 0;
    });
  });
  step.checks.push_back({"both MAGs registered and were accepted (status 0)", both});
}

void lossless(const Evidence&, StepReport& step) {
  std::uint64_t sent = 0, lost = 0, duplicated = 0, unmatched = 0;
  for (const FlowOutcome& outcome : step.flows) {
    sent += outcome.summary.sent;
    lost += outcome.summary.lost;
    duplicated += outcome.summary.duplicated;
    unmatched += outcome.unmatched;
  }
  const bool all_flow =
      std::ranges::all_of(kLastingFlows, [&](FlowKind flow) { return flows_both_ways(step, flow); }) &&
      std::ranges::all_of(step.flows, [&](const FlowOutcome& f) { return flows_both_ways(step, f.flow); });
  const std::string doubt =
      unmatched == 0 ? "" : fmt::format(", {} came that no capture saw leave", unmatched);
  step.checks.push_back({fmt::format("{} packets sent, {} lost, {} duplicated{}, all flows, both ways", sent,
                                     lost, duplicated, doubt),
                         all_flow && lost == 0 && duplicated == 0 && unmatched == 0});
}

void same_connection(const Evidence& evidence, StepReport& step) {
  const Json& now = step.connection;
  const bool same = !now.empty() && now == evidence.first_connection;
  step.checks.push_back({fmt::format("the download's TCP connection is the same: {} (inode {})",
                                     now.value("local", "none"), now.value("inode", "none")),
                         same});
}

void bindings_kept(const Evidence&, StepReport& step) {
  const auto before = who_is_where(step.bindings_before), after = who_is_where(step.bindings_after);
  step.checks.push_back({fmt::format("the restarted LMA knows all {} bindings", before.size()),
                         !before.empty() && before == after});
}

void hard_failure(const Evidence& evidence, StepReport& step) {
  const Exchange* told = accepted(step, kMagLink[1], evidence.event, true);
  step.checks.push_back({"MAG2 noticed, told the LMA and was answered", told != nullptr});
  if (told != nullptr) {
    step.failure = FailureParts{.detection = told->asked - evidence.event,
                                .round_trip = evidence.mag_lma_round_trip,
                                .pbu_to_pba = told->answered - told->asked,
                                .longest_gap = step.longest_silence()};
    gap_within_bound(*step.failure, step);
    lost_on_the_dead_link(*told, evidence.event, step);
  }
  const auto video = count_of(step, FlowKind::Video);
  step.checks.push_back({"video, on the other link, lost nothing and got nothing twice",
                         video && video->lost == 0 && video->duplicated == 0});
  const bool no_copies = !step.flows.empty() && std::ranges::all_of(step.flows, [](const FlowOutcome& f) {
    return f.summary.duplicated == 0;
  });
  step.checks.push_back({"no packet of any flow arrived twice", no_copies});
}

void redundant_flow_is_whole(const Evidence&, StepReport& step) {
  const auto both = count_of(step, FlowKind::Steering), one = count_of(step, FlowKind::Ping);
  const Count steering = both.value_or(Count{}), ping = one.value_or(Count{});
  step.checks.push_back(
      {fmt::format("steering, by both links: {} of {} lost, {} twice; ping, by the dead one alone: {} lost",
                   steering.lost, steering.sent, steering.duplicated, ping.lost),
       both && one && uses_both_links(step, FlowKind::Steering) && steering.lost == 0 &&
           steering.duplicated == 0 && ping.lost > 0});
}

void redundant_flow_has_both_links(const Evidence&, StepReport& step) {
  const auto steering = count_of(step, FlowKind::Steering).value_or(Count{});
  step.checks.push_back({fmt::format("steering goes by both links again: {} of {} lost, {} twice",
                                     steering.lost, steering.sent, steering.duplicated),
                         steering.sent > 0 && uses_both_links(step, FlowKind::Steering) &&
                             steering.lost == 0 && steering.duplicated == 0});
}

void node_decided(const Evidence& evidence, StepReport& step) {
  step.node_move = node_move(step, accepted(step, kMagLink[1], evidence.event, false), evidence.event);
  const bool in_order = step.node_move && 0 <= step.node_move->uplink &&
                        step.node_move->uplink <= step.node_move->announced &&
                        step.node_move->announced <= step.node_move->downlink;
  step.checks.push_back(
      {"the node moved video's uplink, then MAG2 told the LMA, then the downlink followed", in_order});
  step.checks.push_back({"the LMA has one record of it: from mag1 to mag2, because it was announced",
                         only_move_was_announced(step.handovers)});
}

Judge flow_ends_on(FlowKind flow, std::size_t access) {
  return [=](const Evidence&, StepReport& step) {
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
  return [=](const Evidence&, StepReport& step) {
    std::uint64_t here = 0, elsewhere = 0;
    bool both_ways = true;
    for (const Way way : kWays) {
      const FlowOutcome* outcome = step.find(flow, way);
      both_ways = both_ways && outcome != nullptr && outcome->frames[access] > 0;
      here += outcome != nullptr ? outcome->frames[access] : 0;
      elsewhere += outcome != nullptr ? outcome->frames[1 - access] : 0;
    }
    step.checks.push_back({fmt::format("{} stayed on {}: {} frames there, {} on {}", to_string(flow),
                                       kMagTitle[access], here, elsewhere, kMagTitle[1 - access]),
                           both_ways && elsewhere == 0});
  };
}

Judge whole_file(const Json& download) {
  return [=](const Evidence&, StepReport& step) {
    const std::string expected = download.value("sha256_expected", ""),
                      received = download.value("sha256_received", "missing");
    step.checks.push_back(
        {fmt::format("{} octets received by one connection, HTTP status {}",
                     download.value("octets", std::uint64_t{0}), download.value("http_status", 0)),
         download.value("connections", 0) == 1 && download.value("http_status", 0) == 200 &&
             download.value("curl_exit_status", -1) == 0});
    step.checks.push_back(
        {fmt::format("SHA-256 {}... as expected", received.substr(0, 32)), received == expected});
  };
}

Judge whole_captures(const std::vector<CaptureCounts>& counts) {
  return [=](const Evidence&, StepReport& step) {
    std::uint64_t captured = 0, dropped = 0;
    bool told = !counts.empty();
    for (const CaptureCounts& count : counts) {
      captured += count.captured;
      dropped += count.dropped;
      told = told && count.complete && count.captured > 0;
    }
    step.checks.push_back({fmt::format("{} frames captured on {} links, {} missed{}", captured, counts.size(),
                                       dropped, told ? "" : "; not every tcpdump gave its counts"),
                           told && dropped == 0});
  };
}

}  // namespace flowmob::lab::judge
