// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/attachment.h"
#include "core/mag/config.h"
#include "wire/mobility_header.h"

/// What a node is registered for (RFC 5844 section 3.2).
namespace flowmob::core {

/// By policy; what the LMA refused is asked for again.
void choose_ip_versions(const MagConfig& config, const MagPolicyProfile& profile, Attachment& attachment);

/// The IPv4 Home Address Request of an attachment: the address that it has or is to have, else any (sections
/// 3.2.3.1 and 3.2.3.3).
wire::Ipv4HomeAddressRequest ipv4_request(const Attachment& attachment);

/// What an acceptance assigns; nothing without an accepted Reply option and a default router (section
/// 3.2.3.2).
std::optional<Ipv4Home> assigned_ipv4(const wire::ProxyBindingAcknowledgement& ack);

/// Without the option the gateway is to be a relay.
bool says_dhcp_server(const wire::ProxyBindingAcknowledgement& ack);

}  // namespace flowmob::core
