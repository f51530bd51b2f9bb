// SPDX-License-Identifier: Apache-2.0
#include "core/dhcp/relay.h"

namespace flowmob::core::dhcp {
namespace {

/// RFC 1542 section 4.1.1.
constexpr std::uint8_t kMostHops = 16;

namespace sub_option {
constexpr std::uint8_t kCircuit = 1, kRemote = 2, kLink = 5, kFlags = 10, kServer = 11;
}
constexpr std::uint8_t kUnicast = 0x80;

void add(Bytes& information, std::uint8_t code, ByteView value) {
  information.push_back(code);
  information.push_back(static_cast<std::uint8_t>(value.size()));
  append(information, value);
}

ByteView bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

Result<Message> to_servers(const Agent& agent, const Ipv4Home& home, bool unicast, Message request) {
  if (request.reply) return fail("dhcp-not-a-request", "an answer from a client");
  if (request.options.contains(option::kAgentInformation))
    return fail("dhcp-forged-agent", "a client with a relay's option (RFC 3046 section 2.1)");
  if (request.hops >= kMostHops) return fail("dhcp-too-many-hops", "it has come through 16 relays");
  ++request.hops;
  request.options.erase(option::kRapidCommit);
  request.relay = agent.address;
  Bytes& information = request.options[option::kAgentInformation];
  add(information, sub_option::kCircuit, bytes_of(agent.circuit));
  add(information, sub_option::kRemote, home.address.address.octets);
  add(information, sub_option::kLink, home.router.octets);
  add(information, sub_option::kFlags, Bytes{unicast ? kUnicast : std::uint8_t{0}});
  add(information, sub_option::kServer, home.router.octets);
  return request;
}

std::string circuit_of(const Ipv4Address& agent, const Message& reply) {
  const auto found = reply.options.find(option::kAgentInformation);
  if (!reply.reply || reply.relay != agent || found == reply.options.end()) return {};
  ByteView rest = found->second;
  while (rest.size() >= 2 && rest[1] <= rest.size() - 2) {
    const ByteView value = rest.subspan(2, rest[1]);
    if (rest[0] == sub_option::kCircuit) return {value.begin(), value.end()};
    rest = rest.subspan(2 + value.size());
  }
  return {};
}

bool agrees(const Ipv4Home& home, const Message& reply) {
  const auto type = reply.type();
  if (type == Type::Nak) return true;
  if (type == Type::Offer) return reply.yours == home.address.address;
  if (type != Type::Ack) return false;
  return reply.yours == home.address.address ||
         (reply.yours == Ipv4Address{} && reply.client == home.address.address);
}

bool is_about(const Ipv4Home& home, const Message& request) {
  const Bytes octets(home.address.address.octets.begin(), home.address.address.octets.end());
  const auto requested = request.options.find(option::kRequestedAddress);
  const bool says_client = request.client != Ipv4Address{}, says_option = requested != request.options.end();
  return (says_client || says_option) && (!says_client || request.client == home.address.address) &&
         (!says_option || requested->second == octets);
}

Message to_client(const Lease& lease, Message reply) {
  reply.options.erase(option::kAgentInformation);
  for (const auto routes : {option::kStaticRoutes, option::kClasslessRoutes, option::kMicrosoftRoutes})
    reply.options.erase(routes);  // RFC 3442: who gets them ignores the router
  if (reply.type() != Type::Nak) set_configuration(lease, reply);
  return reply;
}

}  // namespace flowmob::core::dhcp
