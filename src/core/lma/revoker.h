// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>

#include "core/lma/node_edits.h"
#include "core/lma/pbu_handler.h"
#include "core/peer/revocation_initiator.h"

namespace flowmob::core {

/// Which sessions are to be revoked, and why.
struct Revocation {
  enum class Purpose {
    End,      ///< the sessions end, whatever the MAG says
    Hold,     ///< a registration elsewhere waits for what it says (RFC 5846 section 8.1)
    CleanUp,  ///< the session is with another MAG already, or was dropped
  };
  struct Target {
    std::string mn_id;
    NodeIndex node;
    SessionId session;
  };
  Purpose purpose{};
  Ipv6Address mag;
  wire::RevocationTrigger trigger{};
  wire::MobilityOptions options;  ///< that say which
  std::vector<Target> targets;
  bool by_policy = false;  ///< void if the policy permits it before it is sent
};

/// Revokes sessions (RFC 5846 section 8.1): by command, because the policy has changed, to end a hold early,
/// or because the node has gone to another MAG. A session of purpose End is "revoking" until it ends. A
/// registration that is accepted meanwhile keeps it: its MAG is not asked again, or, if others are to be
/// revoked by the same message, it is meant by every repetition. Nor is a MAG told again to clean up what it
/// has registered once more.
class Revoker {
 public:
  Revoker(AnchorState& state, PbuHandler& updates, NodeEdits& edits);

  void revoke(Now now, Revocation revocation);
  /// What the other parts of the anchor have noted for us.
  void handle_news(Now now);
  /// Ends what the policy does not permit any more.
  void handle_policy(Now now);

  void handle_acknowledgement(Now now, const PacketMeta& meta,
                              const wire::BindingRevocationAcknowledgement& answer);
  bool awaits(const Ipv6Address& peer) const { return initiator_.awaits(peer); }
  void handle_refusal(Now now, const Ipv6Address& peer);
  void handle_timeout(Now now);
  std::optional<TimePoint> next_deadline() const { return initiator_.next_deadline(); }

 private:
  using Sequence = RevocationInitiator::Sequence;
  using Status = wire::RevocationStatus;
  const RevocationConfig& config() const { return state_.policy.config().revocation; }

  HandoverCause cause() { return state_.handovers.cause(HandoverTrigger::Revocation, {{"by", "lma"}}); }
  void send(Now now, Revocation revocation);
  void send_waiting(Now now);
  void tell(Now now, const NodeNews::Dropped& dropped);
  void withdraw_unsent();
  /// Of sessions that are not permitted, those whose MAG need not be told.
  void end_silently(NodeIndex node, std::set<SessionId> sessions);
  void note_registration(Now now, const NodeNews::Registered& registered);
  using Targets = std::vector<Revocation::Target>;
  Targets meant_by(const Revocation& revocation) const;
  void mean(Sequence sequence, const Targets& targets);
  void release(SessionId session);
  void withdraw_clean_ups(const NodeNews::Registered& registered);
  bool is_void(const Revocation& clean_up) const;
  bool is_waiting(SessionId session) const;
  void ask_previous_mag(Now now, const std::string& mn_id);
  void clean_up(Now now, const NodeNews::Left& left);
  /// How it ended: no status, no answer that means anything.
  void end(Now now, Sequence sequence, std::optional<Status> status);
  void end_sessions(Sequence sequence, const Revocation& revocation);
  void end_hold(Now now, const Revocation& revocation, std::optional<Status> status);

  AnchorState& state_;
  PbuHandler& updates_;
  NodeEdits& edits_;
  RevocationInitiator initiator_;
  std::map<Sequence, Revocation> outstanding_;
  std::set<std::pair<std::string, Sequence>> clean_ups_;  ///< of those, by MN-ID
  std::deque<Revocation> waiting_;                        ///< for a number
};

/// A revocation of what one node has with one MAG.
Revocation revocation_of(const MobileNode& node, const Ipv6Address& mag, wire::RevocationTrigger trigger);
/// One for each MAG that has sessions of `these`, though it had several paths.
std::vector<Revocation> revocations_of(const MobileNode& node, const SessionTest& these,
                                       wire::RevocationTrigger trigger);

}  // namespace flowmob::core
