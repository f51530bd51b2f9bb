// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/lma/node_changes.h"
#include "core/lma/session_lookup.h"

namespace flowmob::core {

/// Numbers for new nodes, sessions and flows.
struct Numbers {
  NodeIndex next_node() { return NodeIndex{++last_node}; }
  SessionId next_session() { return SessionId{++last_session}; }

  std::uint32_t last_node = 0;
  std::uint32_t last_session = 0;
  FlowNumbers flows;
};

/// A MAG whose answer we do not know to have left asks again within this (INITIAL_BINDACK_TIMEOUT, RFC 5213
/// section 6.9.4), and that much later.
constexpr Duration kAsksAgainWithin = std::chrono::milliseconds(1100);

/// A mobile node that has more interfaces than this is none.
constexpr std::size_t kMaxSessions = 16;

/// Whether a node may have this prefix: one of its own; one from the pools if it has none, or if its own do
/// not serve all its interfaces.
bool permits_prefix(const Policy& policy, const PrefixAllocator& prefixes, const PolicyProfile& profile,
                    const Ipv6Prefix& prefix);

/// What an accepted Proxy Binding Update makes of a node: the next state as a Change, or the status with
/// which it is refused after all. The request has passed check_pbu(), and has yet to be put into the answer.
class Registration {
 public:
  Registration(const Policy& policy, const BindingCache& cache, PrefixAllocator& prefixes,
               Ipv4Allocator& ipv4, Numbers& numbers, bool tells_extensions)
      : policy_(policy),
        cache_(cache),
        prefixes_(prefixes),
        ipv4_(ipv4),
        numbers_(numbers),
        tells_extensions_(tells_extensions) {}

  using Outcome = tl::expected<Change, wire::BindingStatus>;

  /// RFC 5213 sections 5.3.3 and 5.3.4.
  Outcome update(Now now, const PbuRequest& request, const LookupResult& found);
  /// Section 5.3.2: with prefixes of its own, or one more that shares those of others of the node.
  Outcome create(Now now, const PbuRequest& request);
  /// Section 5.3.5, from the serving MAG.
  Change deregister(Now now, const PbuRequest& request, const LookupResult& found);

  /// A path is said to live on (HI 5) by a MAG that the node has left for another.
  bool is_with_another_mag(const PbuRequest& request) const;

 private:
  tl::expected<std::vector<Ipv6Prefix>, wire::BindingStatus> choose_prefixes(const PbuRequest& request);
  std::vector<Ipv6Prefix> unassigned(const PbuRequest& request) const;
  tl::expected<const MobileNode*, wire::BindingStatus> to_share_with(const PbuRequest& request) const;
  MobileNode fresh_node(const PbuRequest& request);
  struct Taken {
    std::vector<Ipv6Prefix> prefixes;
    std::optional<Ipv4Address> ipv4;
    std::vector<Ipv6Prefix> delegated = {};  ///< which are nobody else's by configuration
  };
  tl::expected<Ipv4Home, wire::BindingStatus> choose_ipv4(const PbuRequest& request);
  tl::expected<std::vector<Ipv6Prefix>, wire::BindingStatus> choose_delegated(
      NodeIndex node, const PbuRequest& request) const;
  wire::BindingStatus take_addresses(MobileNode& node, const PbuRequest& request, Taken& taken);
  void accept_values(Session& session, const PbuRequest& request, Now now, std::uint16_t granted) const;
  Change finish(MobileNode next, SessionId session, const PbuRequest& request, Now now, std::uint16_t granted,
                Taken taken);
  std::vector<Session> follow_paths(MobileNode& next, const Session* former, SessionId session,
                                    const PbuRequest& request, Now now) const;
  const MobileNode* with_other_paths(const std::vector<const MobileNode*>& known,
                                     const PbuRequest& request) const;
  Tunnelling tunnelling_for(SessionId session, const PbuRequest& request) const;
  std::uint16_t grant(const PbuRequest& request) const;

  const Policy& policy_;
  const BindingCache& cache_;
  PrefixAllocator& prefixes_;
  Ipv4Allocator& ipv4_;
  Numbers& numbers_;
  bool tells_extensions_;
};

}  // namespace flowmob::core
