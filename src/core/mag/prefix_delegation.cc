// SPDX-License-Identifier: Apache-2.0
#include "core/mag/prefix_delegation.h"

#include <algorithm>

namespace flowmob::core {
namespace {

/// Of the gateway on its link: what the LMA or the configuration says; else as its link-layer address has it.
Ipv6Address router_address(const AccessConfig& access, const Attachment& attachment) {
  if (!attachment.router_link_local.is_unspecified()) return attachment.router_link_local;
  return Ipv6Prefix::parse("fe80::/64").value().with_interface_id(access.link_address.eui64_interface_id());
}

/// What the node has given back is its own no more, although the LMA may have yet to answer to that.
dhcp6::Delegation delegation_of(const Attachment& attachment, TimePoint now) {
  const TimePoint expires = attachment.expires.value_or(now);
  return {attachment.delegation_released ? std::vector<Ipv6Prefix>{} : attachment.delegated,
          std::min<Duration>(attachment.lifetime, expires - now)};
}

}  // namespace

void PrefixDelegation::handle_frame(Now now, InterfaceIndex interface, ByteView frame) {
  const auto* access = context_.access(interface);
  if (!access) return context_.statistics.drop("no-access-link");
  const auto udp = dhcp6::decode_udp6(frame);
  if (!udp || udp->destination_port != dhcp6::kServerPort || !udp->source.is_link_local())
    return context_.statistics.drop("dhcp6-malformed");
  const auto request = dhcp6::decode(udp->payload);
  if (!request) return context_.statistics.drop("dhcp6-malformed");
  context_.statistics.message("dhcp6_received");
  auto* attachment = context_.bindings.find(access->name, udp->link_source);
  if (!attachment || attachment->state != AttachmentState::Registered || !attachment->ipv6)
    return context_.statistics.drop("dhcp6-not-registered");
  if (!context_.delegates(*attachment)) return context_.statistics.drop("dhcp6-not-delegating");
  if (!attachment->dhcp_pace.allow(now.monotonic)) return context_.statistics.drop("dhcp6-too-often");
  serve(now, *access, *attachment, *udp, *request);
}

/// A client that asks is the trigger to ask the LMA where there is nothing yet; until that has answered,
/// nothing is said, and the client asks again. What it said is then the answer, also if that is none.
void PrefixDelegation::serve(Now now, const AccessConfig& access, Attachment& attachment,
                             const dhcp6::Udp6Packet& udp, const dhcp6::Message& request) {
  const auto delegation = delegation_of(attachment, now.monotonic);
  const bool wants = dhcp6::asks_for_prefixes(request) && udp.destination == dhcp6::kAllServers;
  if (wants && delegation.prefixes.empty() && !attachment.delegation_refused) {
    if (!attachment.delegation_asked || attachment.delegation_unsaid || attachment.request) {
      context_.statistics.drop("dhcp6-before-binding");
      return registrar_.request_delegated(now, attachment);
    }
  }
  if (wants) attachment.delegation_asked = false;
  const auto reply = dhcp6::answer(delegation, request, udp.destination == dhcp6::kAllServers);
  if (!reply) return context_.statistics.drop("dhcp6-unanswered");
  send(access, attachment, udp, *reply);
  if (udp.destination == dhcp6::kAllServers && dhcp6::releases(delegation, request))
    registrar_.release_delegated(now, attachment);
}

void PrefixDelegation::send(const AccessConfig& access, const Attachment& attachment,
                            const dhcp6::Udp6Packet& request, const dhcp6::Message& reply) {
  context_.statistics.message("dhcp6_sent");
  context_.emit(SendFrame{
      access.index, dhcp6::encode(dhcp6::Udp6Packet{
                        access.link_address, request.link_source, router_address(access, attachment),
                        request.source, dhcp6::kServerPort, dhcp6::kClientPort, dhcp6::encode(reply)})});
}

}  // namespace flowmob::core
