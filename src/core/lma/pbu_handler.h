// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <vector>

#include "core/lma/anchor_state.h"
#include "core/lma/pbu_request.h"

namespace flowmob::core {

/// The way of a Proxy Binding Update (RFC 5213 section 5.3.1): look up, check, decide, and answer when the
/// decision is in place. Requests about a node whose change is under way wait, a retransmission takes the
/// place of what it repeats.
class PbuHandler {
 public:
  explicit PbuHandler(AnchorState& state);

  void handle(Now now, PbuRequest request);
  /// Begins a change; ends it, too, if it waits for nothing.
  void begin(Now now, Change change);
  /// A change has ended: answers it, then goes on with what waited for the node.
  void finish(Now now, Finished finished);
  void handle_timeout(Now now);
  /// The request that is held for this node waits for a revocation at the previous MAG (RFC 5846
  /// section 8.1).
  void await_revocation(const std::string& mn_id);
  /// It has ended; `as_new`: the node is still there, or nobody answered.
  void end_revocation(Now now, const std::string& mn_id, bool as_new);
  /// The node's sessions have changed.
  void go_on_with_held(Now now, const std::string& mn_id) { go_on_with_held(now, mn_id, false); }
  std::optional<TimePoint> next_deadline() const;

 private:
  using Status = wire::BindingStatus;
  /// Waiting for a de-registration (section 5.4.1.2 item 4).
  struct Held {
    PbuRequest request;
    TimePoint deadline;
    bool awaits_revocation = false;  ///< which has a time limit of its own
  };
  /// Until the change of its node has ended. Its timestamp is judged by when it came.
  struct Waiting {
    PbuRequest request;
    WallTime came;
  };

  void handle(Now now, PbuRequest request, WallTime came);
  void handle_while_busy(Now now, PbuRequest request, Change& under_way);
  void decide(Now now, PbuRequest request, const LookupResult& found);
  void hold(Now now, PbuRequest request);
  void register_session(Now now, PbuRequest request, const LookupResult& found);
  void end_session(Now now, const LookupResult& found);
  void deregister(Now now, const PbuRequest& request, const LookupResult& found);
  void go_on_with_held(Now now, const std::string& mn_id, bool as_new);
  void reject(Now now, const PbuRequest& request, Status status, const std::optional<LastAccepted>& last,
              const std::string& reason = {});
  void answer(Now now, Finished& finished);
  void forget_held_of_sender(const PbuRequest& request);
  const Session* session_of(const LookupResult& found) const;
  void note_registered(const Change& change);
  HandoverCause cause_of(HandoverTrigger trigger, const PbuRequest& request) const;
  void note_answer(const Handovers::Ids& handovers, const PbuRequest& request);
  bool is_being_revoked(const PbuRequest& request, const LookupResult& found) const;
  bool is_counting(const std::string& mn_id, const Held& held) const;
  bool may_answer(Now now, const PbuRequest& request);
  bool leaves_serving_mag(const PbuRequest& request, const LookupResult& found) const;
  std::optional<LastAccepted> last_accepted(const PbuRequest& request, const LookupResult& found) const;

  AnchorState& state_;
  RateLimiter strangers_;
  std::map<std::string, Held, std::less<>> held_;
  std::map<std::string, std::vector<Waiting>, std::less<>> waiting_;
};

}  // namespace flowmob::core
