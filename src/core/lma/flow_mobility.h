// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>

#include "core/lma/node_edits.h"
#include "core/lma/pbu_handler.h"
#include "core/lma/resting_prefixes.h"
#include "core/peer/notification_sender.h"

namespace flowmob::core {

/// A flow that a command wants to go by a session of another set of its mobile node.
struct GuestMove {
  NodeIndex node;
  FlowIndex flow;
  NodeIndex host;
  SessionId session;
  CommandAnswer command;
  HandoverCause cause;
};

/// Flow Mobility Initiate and Acknowledge (RFC 7864 sections 3.2.2, 4.2, 4.3, over RFC 7077): which MAGs are
/// to forward which prefixes that they do not host. For each session that has guests it compares what its MAG
/// has acknowledged with what flow bindings ask for, and tells the MAG the whole where the two differ, one
/// message at a time. A flow goes to a guest link when the MAG has said 0, and never before. What is asked
/// for is what commands say, what rules prefer, and what has no link of its own left (docs/adr/0066).
class FlowMobility {
 public:
  FlowMobility(AnchorState& state, PbuHandler& updates, NodeEdits& edits)
      : state_(state), updates_(updates), edits_(edits), sender_(state.policy.own_address()) {}

  /// Behind AnchorState's restoration: guest links that a predecessor made.
  void restored();
  /// The first number of our messages has to be one that nobody can guess.
  void number_from(std::uint16_t sequence) { sender_.number_from(sequence); }
  /// An administrator has done something: a MAG that did not know these messages may know them now.
  void reconfigured();
  /// Other rules hold, or links are better or worse than before: flows may want to go elsewhere.
  void links_turned();

  /// Whether a rule or a lost link would have it asked now for that set's prefixes.
  bool may_be_asked_for(const MobileNode& node, const Session& session) const {
    return may_be_asked(node, session) == Asking::Now;
  }

  /// Begins it; it ends in poll_answer(). "busy", "flow-mobility-not-supported": nothing was begun.
  Result<void> move(Now now, GuestMove move);
  void handle_acknowledgement(Now now, const PacketMeta& meta,
                              const wire::UpdateNotificationAcknowledgement& answer);
  bool awaits(const Ipv6Address& peer) const { return sender_.awaits(peer); }
  /// The MAG does not know the message's type.
  void handle_refusal(Now now, const Ipv6Address& peer);
  void handle_timeout(Now now);
  std::optional<TimePoint> next_deadline() const;
  /// After every input: nodes and sessions may have changed.
  void settle(Now now);

 private:
  using Sequence = NotificationSender::Sequence;
  using Prefixes = std::set<Ipv6Prefix>;
  struct Asked {
    Sequence sequence{};
    Prefixes prefixes;
  };
  /// A session whose MAG forwards, or is to forward, prefixes of other sets.
  struct Host {
    NodeIndex node;
    Ipv6Address mag;  ///< whom it was told to
    Prefixes told;    ///< and acknowledged, or perhaps heard
    /// What was last asked for in vain, and the session's deadline then: before its MAG has registered it
    /// anew, that is asked for by commands alone.
    Prefixes refused;
    std::optional<TimePoint> refused_at;
    std::optional<TimePoint>
        silent;  ///< the same when the MAG did not answer: nobody knows what it has heard
    std::optional<TimePoint> untaken;  ///< and when a link was made that flows have not taken yet
    Duration pause{};                  ///< after silence, before it is asked for a wish again
    TimePoint again{};
    std::optional<Asked> asked;
    std::optional<GuestMove> move;
    std::map<NodeIndex, Prefixes> wished;  ///< by sets whose flows would take a link here
    RestingPrefixes resting;
    std::vector<HandoverStep> steps;  ///< of asking for those
  };
  using Hosts = std::map<SessionId, Host>;
  struct Where {
    std::string mn_id;
    SessionId session;
  };
  enum class End { Accepted, Refused, Unanswered };

  HandoverCause cause() { return state_.handovers.cause(HandoverTrigger::FlowMobility); }
  const Session* live_session(const Host& host, SessionId id) const;
  Hosts& hosts_of(const std::string& mn_id);
  void know_guests_of(const MobileNode& node);
  Prefixes wanted(const std::string& mn_id, SessionId session, const Host& host) const;
  Prefixes forwarded_at(const std::string& mn_id, SessionId session) const;
  bool has_unconfirmed(const std::string& mn_id, SessionId session) const;
  enum class Asking { Now, Later, AfterRegistration };
  Asking may_be_asked(const MobileNode& node, const Session& session) const;
  void follow_wishes(const std::string& mn_id, const MobileNode& node);
  void revisit(const std::string& mn_id, TimePoint at);
  void forget_revisit(const std::string& mn_id);
  bool narrow(const std::string& mn_id, SessionId session, const Prefixes& wanted);
  void follow_wishes(const std::string& mn_id);
  void make_links(const Session& session, Host& host);
  void follow(Now now, const std::string& mn_id);
  void follow_links(const std::string& mn_id);
  void let_rest(const MobileNode& node);
  bool rests(const MobileNode& node, const GuestLink& link) const;
  TimePoint now() const { return state_.policy.links().now(); }
  bool follow_session(const Session* session, Host& host);
  void reconcile(Now now, const std::string& mn_id, SessionId session, Host& host);
  void do_without(const std::string& mn_id, SessionId session, Host& host);
  void tell(Now now, const std::string& mn_id, const Session& session, Host& host, Prefixes prefixes);
  void fail_move(Host& host, const char* code, const std::string& message);
  void note(Host& host, std::string_view what, Json details);
  void cancel(Host& host);
  void end(Sequence sequence, End how, const std::string& status);
  void accepted(const Where& where, Host& host, Prefixes prefixes);
  void failed(const Where& where, Host& host, const Prefixes& prefixes, End how, const std::string& status);
  void give_up(const std::string& mn_id, SessionId session, const Ipv6Address& mag);
  void carry_out(Now now, const Session& session, Host& host);

  AnchorState& state_;
  PbuHandler& updates_;
  NodeEdits& edits_;
  NotificationSender sender_;
  std::map<std::string, Hosts, std::less<>> nodes_;  ///< by MN-ID
  std::map<Sequence, Where> outstanding_;
  std::set<std::string> todo_, starved_;                 ///< MN-IDs; the starved wait for a number
  std::map<std::string, TimePoint> revisits_;            ///< when a node's flows may want to go elsewhere
  std::set<std::pair<TimePoint, std::string>> by_time_;  ///< the same
  std::set<Ipv6Address> mute_;                           ///< MAGs that do not know the messages
};

}  // namespace flowmob::core
