// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <set>
#include <unordered_map>

#include "core/binding/mobile_node.h"
#include "core/lma/effect_queue.h"
#include "core/lma/flow_orders.h"
#include "core/lma/handover.h"
#include "core/lma/policy.h"

namespace flowmob::core {

/// The latest moves of flows, each with its timeline. While one is young the data plane counts its packets by
/// path; a record is complete when they come by the new path alone, or when time is up.
class Handovers {
 public:
  /// How often what the data plane has seen is asked for; a path is left when it has been silent for as long.
  static constexpr Duration kReadEvery = std::chrono::milliseconds(500);
  static constexpr Duration kObserveAtMost = std::chrono::seconds(10);
  /// Flows that are watched at a time, and sessions that are handed off.
  static constexpr std::size_t kMostWatched = 1024, kMostWatchedSessions = 256;

  Handovers(EffectQueue& effects, std::size_t most) : effects_(effects), orders_(effects), most_(most) {}
  void seed(std::uint64_t secret) { orders_.seed(secret); }

  void configure(std::size_t most);
  void advance(Now now);
  TimePoint now() const { return now_.monotonic; }
  /// A cause with a number, for what moves the flows of many nodes.
  HandoverCause cause(HandoverTrigger trigger, Json details = Json::object());

  using Ids = std::vector<HandoverId>;
  /// Opens a record for every flow whose path differs, and tells: "flow-moved", "flow-fallback",
  /// "flow-returned"; and for every session that goes on by another gateway.
  Ids open(const Policy& policy, const MobileNode& before, const MobileNode& after, HandoverCause cause,
           std::vector<Notify>& events);
  /// The data plane is about to be asked to switch this flow: for which record, if for one, and how.
  struct Switch {
    HandoverId handover;
    std::optional<FlowOrder> order;
  };
  Switch before_switch(FlowIndex flow);
  HandoverId before_switch(SessionId session);
  void handle_switched(HandoverId id, const Result<void>& outcome);
  void fail(const Ids& ids, const Error& error);
  void note(const Ids& ids, const HandoverStep& step);
  /// What the data plane has seen; nothing: it has not watched.
  void handle_watch(HandoverId id, const std::optional<FlowWatch>& seen);

  /// What became of a flow that moves in order.
  void handle_order(FlowIndex flow, const std::optional<OrderSeen>& seen);
  void handle_echo_reply(const Ipv6Address& source, ByteView message);

  void handle_timeout();
  std::optional<TimePoint> next_deadline() const;

  /// {"handovers", "since", "forgotten"}. "no-such-handover".
  Result<Json> show(const Json& arguments) const;

 private:
  using Schedule = std::set<std::pair<TimePoint, HandoverId>>;
  Handover* find(HandoverId id);
  const Handover* find(HandoverId id) const;
  Handover* open_record_of(FlowIndex flow);
  Handover* open_handoff_of(SessionId session);
  void open_handoffs(const Policy& policy, const MobileNode& before, const MobileNode& after,
                     HandoverCause& cause, std::vector<Notify>& events, Ids& ids);
  Handover record_of(const Policy& policy, const MobileNode& before, const MobileNode& after,
                     const FlowEvent& change, const HandoverCause& cause) const;
  HandoverId add(Handover handover, HandoverCause& cause);
  void supersede(Handover* former);
  OrderPlan order_plan(const Policy& policy, const MobileNode& after, const FlowEvent& change,
                       const HandoverCause& cause) const;
  std::optional<FlowOrder> put_in_order(Handover& handover);
  std::set<HandoverId>& watched_as(const Handover& handover);
  bool watch(Handover& handover);
  void unwatch(const Handover& handover);
  void read(Handover& handover);
  void look_at(Handover& handover);
  void schedule(Handover& handover, TimePoint due);
  void end(Handover& handover, Handover::State state);
  void close(const Handover& handover);
  void step(Handover& handover, std::string_view what, Json details = Json::object());
  void forget_oldest();

  EffectQueue& effects_;
  FlowOrders orders_;
  Ipv6Address anchor_;  ///< who measures paths
  std::size_t most_;
  Now now_{};
  std::optional<WallTime> since_;
  std::deque<Handover> all_;  ///< ids without gaps
  std::uint64_t last_id_ = 0, last_cause_ = 0, forgotten_ = 0;
  std::unordered_map<FlowIndex, HandoverId> open_;
  std::unordered_map<SessionId, HandoverId> open_handoffs_;
  std::set<HandoverId> watched_, watched_sessions_;
  Schedule schedule_;
};

}  // namespace flowmob::core
