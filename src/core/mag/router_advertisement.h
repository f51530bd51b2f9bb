// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/attachment.h"
#include "core/mag/config.h"
#include "core/mag/effect.h"

namespace flowmob::core {

/// What the node's router says (RFC 5213 sections 6.7 and 6.9.3): the home network prefixes as on-link, the
/// MTU of tunnel or link, whichever is smaller, and the router's link-layer address. One frame to one node
/// (RFC 6085).
SendNeighborDiscovery advertise(const MagConfig& config, const AccessConfig& access,
                                const Attachment& attachment);

/// Takes `prefixes` back: lifetimes of zero. `router_lifetime` zero as well when the router goes.
SendNeighborDiscovery withdraw(const MagConfig& config, const AccessConfig& access,
                               const Attachment& attachment, const std::vector<Ipv6Prefix>& prefixes,
                               std::uint16_t router_lifetime);

}  // namespace flowmob::core
