// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/effect.h"
#include "core/flow/flow_table.h"
#include "core/lma/flow_orders.h"
#include "core/lma/flow_watch.h"

/// What is known of one move of one flow, or of a session that went on by another gateway with all flows that
/// took it: why, by which steps, and what became of its packets.
namespace flowmob::core {

enum class HandoverTrigger {
  Command,           ///< "flow move", "flow release"
  Registration,      ///< an accepted Proxy Binding Update
  Announcement,      ///< one of a registered node whose gateway announces flows (docs/adr/0061, 0062)
  Deregistration,    ///< one with lifetime zero
  Expiry,            ///< a session was not extended, or not taken over by another MAG
  LinkOpen,          ///< a link that has come may deliver now (docs/adr/0012)
  HoldDownOver,      ///< a link has been well for as long as the rule says
  GatewayLost,       ///< a MAG does not answer
  GatewayBack,       ///< it answers again
  GatewayRestarted,  ///< it has lost its state
  Revocation,        ///< by either end
  Policies,          ///< others were applied, or the configuration was read again
  PoliciesReturned,  ///< a trial was not confirmed
  LinkQuality,       ///< a link has become better or worse than a limit
  FlowMobility,      ///< what became of a link by which another set's flows go (docs/adr/0055)
  Restart,           ///< of this anchor
};
std::string_view to_string(HandoverTrigger trigger);
/// Whether both links may be up: what moves for a link that has died is not kept waiting on it.
bool is_planned(HandoverTrigger trigger);

/// `what` is one of ours, never a sender's.
struct HandoverStep {
  TimePoint at;
  std::string_view what;
  Json details = Json::object();
};

/// Why flows move. What moves many has one number for all of them.
struct HandoverCause {
  HandoverTrigger trigger{};
  Json details = Json::object();
  std::optional<TimePoint> at{};       ///< when it came; none: as the move begins
  std::vector<HandoverStep> steps{};   ///< messages that went before
  std::uint64_t number{};              ///< zero: has none yet
  std::optional<OrderConfig> order{};  ///< of this move, whatever is configured
};

struct Handover {
  enum class Kind { Moved, Fallback, Returned, Handoff };
  enum class State {
    Switching,   ///< the data plane has been asked
    Observing,   ///< the flow goes by its new path; packets are counted
    Complete,    ///< nothing more is expected of it
    Failed,      ///< the flow is where it was
    Superseded,  ///< the flow moved on before that
  };
  struct End {
    SessionId link;     ///< the session, or a guest link; zero: none
    SessionId session;  ///< that of the other set, where it is a guest link
    std::string mag{};
    std::string technology{};
    Ipv6Address address{};  ///< of the MAG
  };
  HandoverId id;
  HandoverCause cause;
  Kind kind{};
  std::string mn_id;
  std::string flow;                ///< empty: a session's
  FlowIndex flow_index;            ///< likewise
  std::vector<FlowIndex> flows{};  ///< of a session that is handed off: those that went by it
  End from, to;
  Json decision;  ///< as "policy explain" has it
  NodeIndex node{};
  OrderPlan order{};
  TimePoint began{};
  Duration clock_offset{};  ///< of the wall clock, as it was then
  std::optional<TimePoint> switched{};
  State state = State::Switching;
  std::vector<HandoverStep> steps{};
  std::optional<FlowWatch> seen{};
  TimePoint due{};       ///< when it is looked at next
  bool is_read = false;  ///< what the data plane has seen was asked for, and not answered
};
std::string_view to_string(Handover::State state);

/// What a flow was without, if there was a packet on either path: from the last on the old to the first on
/// the new. What the sender was silent is in it. Nothing if one of the two is not known, or if the flow was
/// idle.
std::optional<Duration> interruption(const Handover& handover, const FlowWatch::Way& way);
/// From the first packet on the new path to the last on the old.
std::optional<Duration> overlap(const FlowWatch::Way& way);

/// What became of the order: "now", "gap", "made-gap", "deadline", or "waiting".
std::string_view turned(const Handover& handover);
/// Packets that came out of order, as far as the anchor can tell: those upwards, and those downwards that
/// were sent so soon that they may have overtaken others. Nothing: not known.
std::optional<std::uint64_t> out_of_order(const Handover& handover);

/// A row of "show handovers".
Json summary_of(const Handover& handover);
/// The row with "decision", "timeline" and "paths".
Json whole_of(const Handover& handover);

}  // namespace flowmob::core
