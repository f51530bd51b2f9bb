// SPDX-License-Identifier: Apache-2.0
#include "core/mag/dhcp_relay.h"

#include <algorithm>

#include "core/mag/tunnel_negotiation.h"

namespace flowmob::core {
namespace {

using dhcp::Message;
using dhcp::Type;

/// A client that is not configured yet hears broadcasts, or unicasts to the address that it is given (RFC
/// 2131 section 4.1); the frame goes to it alone either way.
Ipv4Address destination_of(const Message& reply) {
  if (reply.client != Ipv4Address{}) return reply.client;
  return reply.broadcast || reply.yours == Ipv4Address{} ? dhcp::kBroadcastAddress : reply.yours;
}

/// "ACCESS/aa:bb:cc:dd:ee:ff".
std::string circuit(const AccessConfig& access, const MacAddress& station) {
  constexpr std::size_t kLongestName = 180;
  return access.name.substr(0, kLongestName) + "/" + station.to_string();
}

}  // namespace

SendFrame to_client(const DhcpClient& client, const Ipv4Address& server, const Message& reply) {
  dhcp::UdpPacket packet;
  packet.link_source = client.access.link_address;
  packet.link_destination = client.station;
  packet.source = server;
  packet.destination = destination_of(reply);
  packet.source_port = dhcp::kServerPort;
  packet.destination_port = dhcp::kClientPort;
  packet.payload = dhcp::encode(reply);
  return {client.access.index, dhcp::encode(packet)};
}

dhcp::Lease lease_of(const MagConfig& config, const AccessConfig& access, const Attachment& attachment) {
  return {*attachment.ipv4_home, std::min(inner_mtu(config, attachment), access.link_mtu),
          config.dhcp_lease_time};
}

/// Before a client is configured it asks for nothing, or for what it had once; what matters is what it takes.
bool DhcpRelay::is_for_another_address(const Attachment& attachment, const Message& request) {
  const auto type = request.type();
  if (type != Type::Request && type != Type::Release && type != Type::Decline) return false;
  return !dhcp::is_about(*attachment.ipv4_home, request);
}

/// What is for somebody else than us and not to everybody goes through the tunnel like any other packet.
void DhcpRelay::handle_request(Now now, const AccessConfig& access, Attachment& attachment,
                               const dhcp::UdpPacket& udp, const Message& request) {
  const auto& config = context_.config;
  const auto& home = *attachment.ipv4_home;
  const bool unicast = udp.destination != dhcp::kBroadcastAddress;
  if (config.dhcp_servers.empty()) return context_.statistics.drop("dhcp-relay-not-supported");
  if (unicast && udp.destination != home.router) return;
  if (!attachment.dhcp_pace.allow(now.monotonic)) return context_.statistics.drop("dhcp-too-often");
  if (is_for_another_address(attachment, request)) {
    context_.statistics.drop("dhcp-other-address");
    return context_.notify("dhcp-address-refused", attachment,
                           {{"ipv4_address", home.address.to_string()},
                            {"asked_for", dhcp::wanted_address(request).to_string()}});
  }
  const dhcp::Agent agent{config.dhcp_relay_address, circuit(access, attachment.link_layer)};
  const auto relayed = dhcp::to_servers(agent, home, unicast, request);
  if (!relayed) return context_.statistics.drop(relayed.error().code);
  const Bytes payload = dhcp::encode(*relayed);
  for (const auto& server : config.dhcp_servers) {
    context_.statistics.message("dhcp_relayed");
    context_.emit(SendDhcpToServer{server, payload});
  }
  if (dhcp::releases(lease_of(config, access, attachment), request)) registrar_.release_ipv4(now, attachment);
}

void DhcpRelay::handle_answer(const Ipv4Address& server, ByteView payload) {
  const auto& config = context_.config;
  if (std::ranges::find(config.dhcp_servers, server) == config.dhcp_servers.end())
    return context_.statistics.drop("dhcp-unknown-server");
  auto reply = dhcp::decode(payload);
  if (!reply) return context_.statistics.drop("dhcp-malformed");
  context_.statistics.message("dhcp_server_answers");
  const std::string where = dhcp::circuit_of(config.dhcp_relay_address, *reply);
  const auto station = MacAddress::parse(std::string_view(where).substr(where.rfind('/') + 1));
  if (!station) return context_.statistics.drop("dhcp-answer-for-nobody");
  for (const auto& access : config.accesses) {
    if (where != circuit(access, *station)) continue;
    auto* attachment = context_.bindings.find(access.name, *station);
    if (attachment && attachment->ipv4_home && !attachment->dhcp_server)
      return deliver(access, *attachment, server, std::move(*reply));
  }
  context_.statistics.drop("dhcp-answer-for-nobody");
}

void DhcpRelay::deliver(const AccessConfig& access, Attachment& attachment, const Ipv4Address& server,
                        Message reply) {
  const auto& home = *attachment.ipv4_home;
  if (!dhcp::agrees(home, reply)) {
    context_.statistics.drop("dhcp-server-disagrees");
    return context_.notify("dhcp-server-disagrees", attachment,
                           {{"ipv4_address", home.address.to_string()},
                            {"offered", reply.yours.to_string()},
                            {"server", server.to_string()}});
  }
  context_.statistics.message("dhcp_sent");
  const auto told = dhcp::to_client(lease_of(context_.config, access, attachment), std::move(reply));
  const auto as = told.address_option(dhcp::option::kServerIdentifier).value_or(server);
  context_.emit(to_client({access, attachment.link_layer}, as, told));
}

}  // namespace flowmob::core
