// SPDX-License-Identifier: Apache-2.0
#include "core/mag/ipv4_access.h"

namespace flowmob::core {
namespace {

using dhcp::Message;
using dhcp::Type;

}  // namespace

/// By the frame's source: the hardware address in the message may be that of a virtual interface.
Attachment* Ipv4Access::served(const AccessConfig& access, const MacAddress& node) {
  auto* attachment = context_.bindings.find(access.name, node);
  return attachment && attachment->state == AttachmentState::Registered ? attachment : nullptr;
}

void Ipv4Access::handle_frame(Now now, InterfaceIndex interface, ByteView frame) {
  const auto* access = context_.access(interface);
  if (!access) return context_.statistics.drop("no-access-link");
  if (const auto arp = dhcp::decode_arp(frame)) return handle_arp(*access, *arp);
  const auto udp = dhcp::decode_udp(frame);
  if (!udp || udp->destination_port != dhcp::kServerPort) return context_.statistics.drop("ipv4-malformed");
  handle_dhcp(now, *access, *udp);
}

/// The home subnet is a point-to-point link: everybody on it but the node itself is behind us (Proxy ARP, RFC
/// 925). That the node asks about its own address, it does to find out whether somebody else has it.
void Ipv4Access::handle_arp(const AccessConfig& access, const dhcp::ArpPacket& arp) {
  if (arp.reply) return;
  const auto* attachment = served(access, arp.link_source);
  if (!attachment || !attachment->ipv4_home) return context_.statistics.drop("arp-without-ipv4");
  const auto& [home, router] = *attachment->ipv4_home;
  const bool is_ours = arp.target == router || (home.contains(arp.target) && arp.target != home.address);
  if (!is_ours) return context_.statistics.drop("arp-not-ours");
  if (arp.sender != home.address && arp.sender != Ipv4Address{})
    return context_.statistics.drop("arp-foreign-sender");
  context_.statistics.message("arp_answered");
  context_.emit(SendFrame{access.index, dhcp::encode(dhcp::ArpPacket{
                                            access.link_address, arp.link_source, true, access.link_address,
                                            arp.sender_mac, arp.target, arp.sender})});
}

void Ipv4Access::handle_dhcp(Now now, const AccessConfig& access, const dhcp::UdpPacket& udp) {
  const auto request = dhcp::decode(udp.payload);
  if (!request) return context_.statistics.drop("dhcp-malformed");
  if (request->relay != Ipv4Address{}) return context_.statistics.drop("dhcp-relayed");
  context_.statistics.message("dhcp_received");
  auto* attachment = served(access, udp.link_source);
  if (!attachment) return context_.statistics.drop("dhcp-not-registered");
  if (attachment->ipv4_home)
    serve(now, access, *attachment, udp, *request);
  else
    serve_nothing(now, access, *attachment, udp, *request);
}

void Ipv4Access::serve(Now now, const AccessConfig& access, Attachment& attachment,
                       const dhcp::UdpPacket& udp, const Message& request) {
  if (!attachment.dhcp_server) return relay_.handle_request(now, access, attachment, udp, request);
  const dhcp::Lease lease = lease_of(context_.config, access, attachment);
  if (dhcp::releases(lease, request)) return registrar_.release_ipv4(now, attachment);
  const auto reply = dhcp::answer(lease, request);
  if (!reply) return context_.statistics.drop("dhcp-unanswered");
  if (reply->type() == Type::Nak)
    context_.notify("dhcp-address-refused", attachment, {{"ipv4_address", lease.home.address.to_string()}});
  send(access, udp, lease.home.router, *reply);
}

/// The client's question is the trigger to ask the LMA (RFC 5844 section 3.4.3); until that has answered,
/// nothing is said.
void Ipv4Access::serve_nothing(Now now, const AccessConfig& access, Attachment& attachment,
                               const dhcp::UdpPacket& udp, const Message& request) {
  const bool asks = request.type() == Type::Discover || request.type() == Type::Request;
  const auto* profile = context_.profile(attachment.mn_id);
  const bool entitled = profile && has_ipv4(profile->ip_versions.value_or(context_.config.ip_versions));
  if (asks && entitled && !attachment.ipv4_refused) return registrar_.request_ipv4(now, attachment);
  context_.statistics.drop("dhcp-without-ipv4");
  const auto reply = dhcp::answer_without_lease(request);
  if (!reply) return;
  send(access, udp, reply->address_option(dhcp::option::kServerIdentifier).value_or(Ipv4Address{}), *reply);
}

void Ipv4Access::send(const AccessConfig& access, const dhcp::UdpPacket& request, const Ipv4Address& server,
                      const Message& reply) {
  context_.statistics.message("dhcp_sent");
  context_.emit(to_client({access, request.link_source}, server, reply));
}

}  // namespace flowmob::core
