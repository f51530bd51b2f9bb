// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>

#include "core/lma/node_changes.h"
#include "core/lma/registration.h"
#include "core/lma/statistics.h"
#include "core/rate_limiter.h"

namespace flowmob::core {

/// What one part of an anchor notes for another, once it stands.
struct NodeNews {
  struct Registered {
    NodeIndex node;
    SessionId session;
  };
  /// A session was handed off without a de-registration.
  struct Left {
    NodeIndex node;
    SessionId session;
    Ipv6Address mag;
    wire::AccessTechnology technology{};
  };
  /// A session that was kept, and which the policy does not permit any more.
  struct Dropped {
    Ipv6Address mag;
    std::uint8_t mn_id_subtype{};
    std::string mn_id;
    std::vector<Ipv6Prefix> prefixes;
  };
  std::vector<Registered> registered;
  std::vector<Left> left;
  std::vector<Dropped> dropped;
  std::vector<std::string> holds;  ///< MN-IDs of requests that wait for the previous MAG
  bool empty() const { return registered.empty() && left.empty() && dropped.empty() && holds.empty(); }
};

/// What the parts of an anchor work on together.
struct AnchorState {
  explicit AnchorState(LmaConfig config);
  AnchorState(const AnchorState&) = delete;
  AnchorState& operator=(const AnchorState&) = delete;

  Registration registration() { return {policy, cache, prefixes, ipv4, numbers, tells_extensions}; }
  void notify(std::string event, Json fields) { effects.push(Notify{std::move(event), std::move(fields)}); }
  /// What a stranger can cause at will must not flood the log; the counters have all of it.
  void notify_limited(Now now, std::string event, Json fields);
  void drop(Now now, const std::string& reason, const PacketMeta& meta);

  void configure(LmaConfig config);
  /// Before every input.
  void advance(Now now);

  Policy policy;
  BindingCache cache;
  PrefixAllocator prefixes;
  Ipv4Allocator ipv4;
  EffectQueue effects;
  Handovers handovers;
  NodeChanges changes{cache, prefixes, ipv4, effects, handovers};
  std::deque<CommandAnswer> answers;  ///< of commands that have ended
  Numbers numbers;
  NodeNews news;
  /// To be ended when this indication is answered; none: one that waits to be sent.
  std::map<SessionId, std::optional<std::uint16_t>> revoking;
  /// Prefixes of other sets of the node that a session's MAG is to forward (flow_mobility.h).
  std::map<SessionId, std::set<Ipv6Prefix>> off_link;
  std::set<Ipv6Address> know_off_link;  ///< MAGs that have shown it
  /// What an answer to the session's MAG says of them (RFC 7864 section 3.3).
  std::vector<Ipv6Prefix> off_link_for(const Session& session) const;
  Statistics statistics;
  bool tells_extensions = true;

 private:
  RateLimiter notifications_;
  std::uint64_t suppressed_ = 0;
};

}  // namespace flowmob::core
