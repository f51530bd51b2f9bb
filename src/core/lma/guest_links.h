// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <set>

#include "core/lma/anchor_state.h"

/// A node's guest links (core/binding/mobile_node.h), what could be one, and their changes.
namespace flowmob::core {

/// A session of another set of the node whose MAG can be asked to forward this one's prefixes, too.
struct ForeignSession {
  NodeIndex host;
  const Session* session;
};
/// Those at MAGs that the set has neither a session nor a guest link with. A MAG forwards a prefix at one of
/// its attachments alone: of several at one MAG one can become a link.
std::vector<ForeignSession> foreign_sessions(
    const AnchorState& state, const MobileNode& node,
    const std::function<bool(const Session&)>& is_asked_for = [](const Session&) { return true; });
/// As it is: with none of the node's prefixes, under a number behind those of all links, as it would be.
LinkState link_of(const Policy& policy, const MobileNode& node, const Session& foreign);

/// The session that such a number stands for.
SessionId session_behind_candidate(SessionId link);

/// Of the node's prefixes those that packets of the flow may be for; all of them, if those are for none.
std::set<Ipv6Prefix> prefixes_of(const MobileNode& node, const FlowBinding& flow);
/// Those of the flows that are bound to the link.
std::set<Ipv6Prefix> prefixes_by(const MobileNode& node, SessionId link);

/// As their sessions are by now: links of sessions that are gone go, those that no flow is bound to as well,
/// unless they are to be kept; flows leave those that go. Nothing if nothing differs.
std::optional<Change> with_guests_followed(const Policy& policy, const BindingCache& cache,
                                           const MobileNode& node,
                                           const std::function<bool(const GuestLink&)>& is_kept);
/// The session's MAG forwards those of the node's prefixes that are among these.
std::optional<Change> with_guest_confirmed(const Policy& policy, const MobileNode& node,
                                           const Session& session, const std::set<Ipv6Prefix>& told);
/// The same, and the link is made if there is none. Nothing if no flow takes it.
std::optional<Change> with_guest(const Policy& policy, const MobileNode& node, NodeIndex host,
                                 const Session& session, SessionId fresh, const std::set<Ipv6Prefix>& told);
/// Before the MAG is told that it is to forward these alone.
std::optional<Change> with_guests_narrowed(const Policy& policy, const MobileNode& node, SessionId session,
                                           const std::set<Ipv6Prefix>& wanted);
/// It does not: links of the session that have not been confirmed go.
std::optional<Change> without_unconfirmed_guest(const Policy& policy, const MobileNode& node,
                                                SessionId session, const Ipv6Address& mag);
/// The flow is bound to the node's link at that session, which is made if there is none.
MobileNode with_flow_as_guest(const Policy& policy, const MobileNode& node, FlowIndex flow, NodeIndex host,
                              const Session& session, SessionId fresh, const std::set<Ipv6Prefix>& told);
/// Its number; zero: there is none.
SessionId guest_link_at(const MobileNode& node, SessionId session);

}  // namespace flowmob::core
