// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/binding/mobile_node.h"
#include "core/effect.h"
#include "core/lma/flow_announcements.h"
#include "core/lma/pbu_request.h"

/// Proxy Binding Acknowledgements (RFC 5213 section 5.3.6), to the source of the request, from where it went.
namespace flowmob::core {

/// `session` is one of `node`, which has what it had if the request ends it; `granted` in units of 4 seconds.
/// `flows`: what the request's flow options came to; they come back with their statuses. `off_link`: what its
/// MAG is to forward without hosting it.
SendMessage accept(const PbuRequest& request, const MobileNode& node, const Session& session,
                   std::uint16_t granted, const FlowOutcome& flows, bool dhcp_server = true,
                   const std::vector<Ipv6Prefix>& off_link = {});

/// Echoes what was asked. `last` gives the sequence number that status 135 reports.
SendMessage reject(const PbuRequest& request, wire::BindingStatus status,
                   const std::optional<LastAccepted>& last, WallTime now);

}  // namespace flowmob::core
