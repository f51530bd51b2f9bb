// SPDX-License-Identifier: Apache-2.0
#include "core/lma/handover.h"

#include <algorithm>

#include "base/time_text.h"
#include "core/lma/identifier.h"

namespace flowmob::core {
namespace {

/// A flow that has been silent for so long was not interrupted.
constexpr Duration kIdle = std::chrono::seconds(60);

std::string_view to_string(Handover::Kind kind) {
  switch (kind) {
    case Handover::Kind::Moved:
      return "moved";
    case Handover::Kind::Fallback:
      return "fallback";
    case Handover::Kind::Returned:
      return "returned";
    case Handover::Kind::Handoff:
      return "handoff";
  }
  return "?";
}

Json ms(std::optional<Duration> duration) {
  if (!duration) return {};
  return std::chrono::duration_cast<std::chrono::duration<double, std::milli>>(*duration).count();
}

template <class Value>
Json or_null(const Value& value) {
  return value.empty() ? Json() : Json(value);
}

std::optional<Duration> greater(std::optional<Duration> a, std::optional<Duration> b) {
  return a && b ? std::optional(std::max(*a, *b)) : a ? a : b;
}

struct Writer {
  const Handover& handover;

  TimePoint start() const { return handover.cause.at.value_or(handover.began); }
  std::string wall(TimePoint at) const {
    return to_rfc3339(WallTime(at.time_since_epoch() + handover.clock_offset));
  }
  /// Milliseconds behind the trigger.
  Json behind(const std::optional<TimePoint>& at) const { return at ? ms(*at - start()) : Json(); }

  Json step(const HandoverStep& one) const {
    Json row{{"time", wall(one.at)}, {"at_ms", behind(one.at)}, {"step", one.what}};
    row.update(one.details);
    return row;
  }

  void add_packet(const char* what, const char* way, const std::optional<TimePoint>& at,
                  std::vector<HandoverStep>& steps) const {
    if (at) steps.push_back({*at, what, {{"way", way}}});
  }
  void add_packets(const char* way, const FlowWatch::Way& seen, std::vector<HandoverStep>& steps) const {
    add_packet("last-on-old-path", way, seen.old_path.last, steps);
    add_packet("first-on-new-path", way, seen.new_path.first, steps);
  }

  Json timeline() const {
    auto steps = handover.steps;
    if (handover.seen) {
      add_packets("down", handover.seen->down, steps);
      add_packets("up", handover.seen->up, steps);
    }
    std::vector<const HandoverStep*> sorted;
    for (const auto& one : steps) sorted.push_back(&one);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto* a, const auto* b) { return a->at < b->at; });
    Json rows = Json::array();
    for (const auto* one : sorted) rows.push_back(step(*one));
    return rows;
  }

  Json path(const FlowWatch::Path& path) const {
    return {{"packets", path.packets},
            {"first", path.first ? Json(wall(*path.first)) : Json()},
            {"last", path.last ? Json(wall(*path.last)) : Json()},
            {"first_ms", behind(path.first)},
            {"last_ms", behind(path.last)}};
  }
  Json way(const FlowWatch::Way& way) const {
    return {{"old", path(way.old_path)},
            {"new", path(way.new_path)},
            {"interruption_ms", ms(interruption(handover, way))},
            {"overlap_ms", ms(overlap(way))},
            {"late", way.late}};
  }
  std::optional<Duration> waited(const OrderSeen& seen) const {
    if (!seen.last_turn || !handover.switched) return std::nullopt;
    return std::max(*seen.last_turn - *handover.switched, Duration{});
  }
  Json order() const {
    const auto& plan = handover.order;
    const auto seen = handover.seen && handover.seen->order ? *handover.seen->order : OrderSeen{};
    const bool waits = plan.asked.order == MoveOrder::Gap && plan.why_now.empty();
    return {{"asked", plan.asked.order == MoveOrder::Gap ? "gap" : "now"},
            {"turned", turned(handover)},
            {"why_now", or_null(plan.why_now)},
            {"deadline_ms", waits ? ms(plan.asked.deadline) : Json()},
            {"delay_difference_ms", ms(plan.difference)},
            {"gap_ms", waits ? ms(plan.gap) : Json()},
            {"waited_ms", ms(waited(seen))},
            {"at_gaps", seen.at_gaps},
            {"made_gaps", seen.held},
            {"at_deadline", seen.at_deadline},
            {"held_packets", seen.held_packets},
            {"early", seen.early},
            {"up_made_gaps", seen.up_held},
            {"up_held_packets", seen.up_held_packets}};
  }
  Json paths() const {
    if (!handover.seen) return {};
    return {{"down", way(handover.seen->down)}, {"up", way(handover.seen->up)}};
  }
};

}  // namespace

std::string_view to_string(HandoverTrigger trigger) {
  using enum HandoverTrigger;
  switch (trigger) {
    case Command:
      return "command";
    case Registration:
      return "registration";
    case Announcement:
      return "announcement";
    case Deregistration:
      return "deregistration";
    case Expiry:
      return "expiry";
    case LinkOpen:
      return "link-open";
    case HoldDownOver:
      return "hold-down-over";
    case GatewayLost:
      return "gateway-lost";
    case GatewayBack:
      return "gateway-back";
    case GatewayRestarted:
      return "gateway-restarted";
    case Revocation:
      return "revocation";
    case Policies:
      return "policies";
    case PoliciesReturned:
      return "policies-returned";
    case LinkQuality:
      return "link-quality";
    case FlowMobility:
      return "flow-mobility";
    case Restart:
      return "restart";
  }
  return "?";
}

bool is_planned(HandoverTrigger trigger) {
  using enum HandoverTrigger;
  switch (trigger) {
    case Command:
    case Registration:
    case Announcement:
    case LinkOpen:
    case HoldDownOver:
    case GatewayBack:
    case Policies:
    case PoliciesReturned:
    case LinkQuality:
    case FlowMobility:
      return true;
    case Deregistration:
    case Expiry:
    case GatewayLost:
    case GatewayRestarted:
    case Revocation:
    case Restart:
      return false;
  }
  return false;
}

std::string_view turned(const Handover& handover) {
  const auto& plan = handover.order;
  const bool is_faster = !plan.difference || plan.gap > Duration{};
  if (plan.asked.order == MoveOrder::Now || !plan.why_now.empty() || !is_faster) return "now";
  const auto seen = handover.seen ? handover.seen->order : std::nullopt;
  if (!seen) return "waiting";
  if (seen->at_deadline != 0) return "deadline";
  if (seen->held != 0) return "made-gap";
  return seen->at_gaps != 0 ? "gap" : "waiting";
}

std::optional<std::uint64_t> out_of_order(const Handover& handover) {
  if (!handover.seen) return std::nullopt;
  const auto& order = handover.seen->order;
  if (order && order->up_held != 0) return order->early;  // what came late was waited for, but for those
  return handover.seen->up.late + (order ? order->early : 0);
}

std::string_view to_string(Handover::State state) {
  switch (state) {
    case Handover::State::Switching:
      return "switching";
    case Handover::State::Observing:
      return "observing";
    case Handover::State::Complete:
      return "complete";
    case Handover::State::Failed:
      return "failed";
    case Handover::State::Superseded:
      return "superseded";
  }
  return "?";
}

std::optional<Duration> interruption(const Handover& handover, const FlowWatch::Way& way) {
  const auto& last = way.old_path.last;
  const auto& first = way.new_path.first;
  if (!last || !first || *last + kIdle < handover.began) return std::nullopt;
  return std::max(*first - *last, Duration{});
}

std::optional<Duration> overlap(const FlowWatch::Way& way) {
  const auto& last = way.old_path.last;
  const auto& first = way.new_path.first;
  if (!last || !first) return std::nullopt;
  return std::max(*last - *first, Duration{});
}

Json summary_of(const Handover& handover) {
  std::optional<Duration> silent, both;
  if (handover.seen) {
    const auto& [down, up, order] = *handover.seen;
    silent = greater(interruption(handover, down), interruption(handover, up));
    both = greater(overlap(down), overlap(up));
  }
  const auto& decision = handover.decision;
  const bool is_of_flow = handover.kind != Handover::Kind::Handoff;
  return {{"handover", handover.id.value},
          {"cause", handover.cause.number},
          {"began", Writer{handover}.wall(handover.began)},
          {"mn", escaped(handover.mn_id)},
          {"flow", is_of_flow ? Json(escaped(handover.flow)) : Json()},
          {"flow_index", is_of_flow ? Json(handover.flow_index.value) : Json()},
          {"session", handover.to.session ? Json(handover.to.session.value) : Json()},
          {"kind", to_string(handover.kind)},
          {"from", or_null(handover.from.mag)},
          {"to", or_null(handover.to.mag)},
          {"from_technology", or_null(handover.from.technology)},
          {"to_technology", or_null(handover.to.technology)},
          {"trigger", to_string(handover.cause.trigger)},
          {"rule", decision.is_object() ? decision["rule"] : Json()},
          {"because", decision.is_object() ? decision["because"] : Json()},
          {"state", to_string(handover.state)},
          {"order", turned(handover)},
          {"out_of_order", out_of_order(handover) ? Json(*out_of_order(handover)) : Json()},
          {"interruption_ms", ms(silent)},
          {"overlap_ms", ms(both)}};
}

Json whole_of(const Handover& handover) {
  const Writer writer{handover};
  Json row = summary_of(handover);
  row["decision"] = handover.decision;
  row["timeline"] = writer.timeline();
  row["paths"] = writer.paths();
  row["in_order"] = writer.order();
  return row;
}

}  // namespace flowmob::core
