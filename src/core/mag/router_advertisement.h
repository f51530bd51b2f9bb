// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/attachment.h"
#include "core/mag/config.h"
#include "core/mag/effect.h"

namespace flowmob::core {

/// What the node's router says (RFC 5213 sections 6.7 and 6.9.3): the home network prefixes as on-link, the
/// MTU of tunnel or link, whichever is smaller, and the router's link-layer address. One frame to one node
/// (RFC 6085). What was withdrawn lately has lifetimes of zero.
SendNeighborDiscovery advertise(const MagConfig& config, const AccessConfig& access,
                                const Attachment& attachment);

/// The access link's own prefix, to a node without mobility service (RFC 5213 section 6.14); lifetimes of
/// zero when it is served otherwise. The link's MTU: nothing is tunnelled. The access has a visited prefix.
SendNeighborDiscovery advertise_visited(const MagConfig& config, const AccessConfig& access,
                                        const MacAddress& node, const Ipv6Address& node_link_local,
                                        bool is_router);

/// Of the link-layer address that we have there.
Ipv6Address own_link_local(const AccessConfig& access);

/// As long as a host goes on preferring a prefix of which it hears nothing more.
constexpr Duration kPreferredLifetime = std::chrono::hours(1);

/// Takes `prefixes` back: lifetimes of zero. `router_lifetime` zero as well when the router goes.
SendNeighborDiscovery withdraw(const MagConfig& config, const AccessConfig& access,
                               const Attachment& attachment, const std::vector<Ipv6Prefix>& prefixes,
                               std::uint16_t router_lifetime);

}  // namespace flowmob::core
