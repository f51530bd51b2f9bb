// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <vector>

#include "core/binding/mobile_node.h"
#include "core/effect.h"
#include "core/lma/pbu_request.h"
#include "core/lma/policy.h"

/// What a gateway says of flows in a Proxy Binding Update (RFC 6089 section 5.3, docs/adr/0061).
namespace flowmob::core {

/// What a session's flow options came to.
struct FlowOutcome {
  std::vector<wire::BindingIdentifierOption> bindings;  ///< for the answer
  std::vector<wire::FlowIdentification> flows;          ///< for the answer
  std::vector<std::uint16_t> added, changed, removed;
  std::vector<Announced> displaced;  ///< of any session: the node's services need their room
  std::size_t refreshed = 0;
  bool is_news() const;
};

/// Counters since the start.
struct FlowCounters {
  std::uint64_t added{}, changed{}, removed{}, refreshed{};
  std::map<wire::FlowStatus, std::uint64_t> refused;
  void count(const FlowOutcome& outcome);
  Json to_json() const;
};

/// What the gateway calls this session (RFC 5648, RFC 6089 section 4.1). A request that says nothing of it
/// changes nothing, if the gateway is the former one.
void note_binding_id(Session& session, const PbuRequest& request, bool is_new_link);

/// Bindings come first (section 5.3.1): the session has its own already. What another gateway said of it is
/// no more, as gateways number their flows each by itself. Nothing is decided by it: that is settle_flows().
struct FlowTaking {
  const Policy& policy;
  FlowNumbers& numbers;
  bool is_handed_over;  ///< to this gateway, from another
};
FlowOutcome take_flows(const FlowTaking& taking, MobileNode& node, SessionId session,
                       const PbuRequest& request);
/// Of a request that ends its session, and with it what was announced there.
FlowOutcome refuse_flows(const PbuRequest& request);

/// "flows-announced".
Notify announcement_event(const Policy& policy, const MobileNode& node, const Session& session,
                          const FlowOutcome& outcome);

}  // namespace flowmob::core
