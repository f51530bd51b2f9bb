// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/lma/node_changes.h"

/// Changes of a node's guest links (core/binding/mobile_node.h).
namespace flowmob::core {

/// As their sessions are by now: links of sessions that are gone go, those that no flow is bound to as well;
/// flows leave those that rest. Nothing if nothing differs.
std::optional<Change> with_guests_followed(const Policy& policy, const BindingCache& cache,
                                           const MobileNode& node);
/// The session's MAG forwards the node's prefixes.
std::optional<Change> with_guest_confirmed(const Policy& policy, const MobileNode& node,
                                           const Session& session);
/// It does not: links of the session that have not been confirmed go.
std::optional<Change> without_unconfirmed_guest(const Policy& policy, const MobileNode& node,
                                                SessionId session, const Ipv6Address& mag);
/// The flow is bound to the node's link at that session, which is made if there is none.
MobileNode with_flow_as_guest(const Policy& policy, const MobileNode& node, FlowIndex flow, NodeIndex host,
                              const Session& session, SessionId fresh);
/// Its number; zero: there is none.
SessionId guest_link_at(const MobileNode& node, SessionId session);

}  // namespace flowmob::core
