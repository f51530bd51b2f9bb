// SPDX-License-Identifier: Apache-2.0
#include "base/ipv4.h"
#include "random_packet.h"
#include "random_payload.h"

namespace flowmob::dataplane::testing {
namespace {

constexpr std::string_view kStranger = "2001:db8:e::1", kStranger4 = "203.0.113.77";

void be16(Bytes& octets, std::size_t value) {
  octets.push_back(static_cast<std::uint8_t>(value >> 8));
  octets.push_back(static_cast<std::uint8_t>(value));
}
void be32(Bytes& octets, std::uint32_t value) {
  be16(octets, value >> 16);
  be16(octets, value & 0xffff);
}

Ipv6Address mapped_of(std::string_view text) { return to_mapped(Ipv4Address::parse(text).value()); }
Ipv6Address address_of(std::string_view text) { return Ipv6Address::parse(text).value(); }

/// A tunnel packet to be: what is agreed for a session, or nearly.
struct Carrier {
  Ipv6Address from, to;
  core::Encapsulation encapsulation{};
  std::uint32_t key{};
  bool is_ipv4() const { return is_mapped(from); }
};

Carrier carrier_of(Chance& chance, const World& world, const core::InstallSession& session, Towards end) {
  using core::Encapsulation;
  const auto& ends = chance.one_in(12) ? chance.one_of(world.sessions) : session;
  const auto& tunnelling = session.tunnelling;
  Carrier carrier{ends.mag, ends.lma, tunnelling.encapsulation, tunnelling.uplink_key};
  if (chance.one_in(25)) carrier.from = carrier.is_ipv4() ? mapped_of(kStranger4) : address_of(kStranger);
  if (end == Towards::Gateway)
    carrier = {carrier.to, carrier.from, carrier.encapsulation, tunnelling.downlink_key};
  if (chance.one_in(15))
    carrier.encapsulation = chance.one_of(
        {Encapsulation::Plain, Encapsulation::Gre, Encapsulation::GreWithKeys, Encapsulation::Udp});
  if (carrier.encapsulation == Encapsulation::GreWithKeys && chance.one_in(10))
    carrier.key = chance.one_in(2) ? chance.below(60) : chance.one_of(world.sessions).session.value;
  if (chance.one_in(60)) std::swap(carrier.from, carrier.to);
  return carrier;
}

/// Of the session's node; now and then another's.
Ends node_ends(Chance& chance, const World& world, const core::InstallSession& session, bool is_ipv4) {
  Ends ends;
  if (is_ipv4) {
    const auto node = std::ranges::find(world.nodes, session.node, &core::InstallNode::node);
    const bool has_none = node == world.nodes.end() || !node->ipv4;
    ends.source = has_none || chance.one_in(12) ? mapped_of("192.0.2.3") : to_mapped(*node->ipv4);
    ends.destination = random_correspondent4(chance);
    return ends;
  }
  ends.source = chance.one_of(session.prefixes).address;
  if (chance.one_in(12)) ends.source = random_home(chance, world);
  ends.source.octets[15] = static_cast<std::uint8_t>(chance.one_in(2) ? 1 : chance.below(4));
  ends.destination = random_correspondent(chance);
  if (chance.one_in(25))
    ends.destination = address_of(chance.one_of<std::string_view>({kAnchor, "ff02::1", "fe80::1", "::"}));
  if (chance.one_in(60)) ends.source = address_of("0:ffff:c000:202::");
  return ends;
}

Bytes random_shim(Chance& chance, const Carrier& carrier, bool holds_ipv4, std::size_t length) {
  Bytes octets;
  using core::Encapsulation;
  if (carrier.encapsulation == Encapsulation::Udp) {
    be16(octets, chance.one_in(2) ? 5437 : chance.below(1U << 16));
    be16(octets, chance.one_in(15) ? 5438 : 5437);
    be16(octets, length + 8);
    be16(octets, 0);
  } else if (carrier.encapsulation != Encapsulation::Plain) {
    const bool has_key = carrier.encapsulation == Encapsulation::GreWithKeys;
    std::uint32_t flags = has_key ? 0x2000 : 0;
    if (chance.one_in(20)) flags ^= 1U << chance.below(16);
    be16(octets, flags);
    be16(octets, chance.one_in(30)                 ? chance.below(1U << 16)
                 : holds_ipv4 != chance.one_in(30) ? 0x0800
                                                   : 0x86dd);
    if (has_key) be32(octets, carrier.key);
  }
  return octets;
}

std::uint8_t protocol_of(Chance& chance, const Carrier& carrier, bool holds_ipv4) {
  using core::Encapsulation;
  if (carrier.encapsulation == Encapsulation::Udp) return 17;
  if (carrier.encapsulation != Encapsulation::Plain) return 47;
  return holds_ipv4 != chance.one_in(40) ? 4 : 41;
}

Bytes cover_ipv4(Chance& chance, const Carrier& carrier, std::uint8_t protocol, const Bytes& payload) {
  const std::size_t words = chance.one_in(20) ? chance.from_to(5, 15) : 5;
  Bytes octets{static_cast<std::uint8_t>(0x40 | words), static_cast<std::uint8_t>(chance.below(256))};
  be16(octets, words * 4 + payload.size());
  be16(octets, chance.below(4));
  be16(octets, chance.one_in(12) ? chance.one_of<std::size_t>({0x2000, 0x0010, 0x2010, 0}) : 0x4000);
  append(octets, Bytes{chance.octet(), protocol, 0, 0});
  append(octets, from_mapped(carrier.from).octets);
  append(octets, from_mapped(carrier.to).octets);
  for (std::size_t i = 20; i < words * 4; ++i) octets.push_back(1);
  complete_ipv4_checksum(octets);
  append(octets, payload);
  return octets;
}

/// What may stand behind the outer header: what Linux's own tunnels send, what looks like it, a fragment's.
Bytes random_outer_extension(Chance& chance, std::uint8_t& protocol) {
  Bytes octets;
  if (!chance.one_in(5)) return octets;
  const auto kind = chance.below(4);
  if (kind == 0) {
    octets = {protocol, 0, 0, static_cast<std::uint8_t>(chance.below(3) ? 1 : 0x10), 0, 0, 0, 1};
    protocol = 44;
    return octets;
  }
  octets = {protocol, 0, 4, 1, 4, 1, 1, 0};
  if (kind == 1) octets[chance.below(4)] ^= static_cast<std::uint8_t>(1U << chance.below(3));
  protocol = 60;
  return octets;
}

Bytes cover_ipv6(Chance& chance, const Carrier& carrier, std::uint8_t protocol, const Bytes& payload) {
  const auto extension = random_outer_extension(chance, protocol);
  Bytes octets;
  be32(octets, 6U << 28 | chance.below(256) << 20 | random_label(chance));
  be16(octets, extension.size() + payload.size());
  append(octets, Bytes{protocol, chance.octet()});
  append(octets, carrier.from.octets);
  append(octets, carrier.to.octets);
  append(octets, extension);
  append(octets, payload);
  return octets;
}

}  // namespace

Bytes random_node_packet(Chance& chance, const World& world, const core::InstallSession& session,
                         Towards end) {
  auto ends = node_ends(chance, world, session, chance.one_in(3));
  if (end == Towards::Gateway) ends = ends.turned();
  return random_ip(chance, ends, chance.one_in(10) ? chance.from_to(1000, 1550) : 0);
}

Bytes random_tunnel_packet(Chance& chance, const World& world, Towards end) {
  const auto& session = chance.one_of(world.sessions);
  auto inner = random_node_packet(chance, world, session, end);
  if (chance.one_in(8)) spoil(chance, inner);
  if (chance.one_in(25)) return inner;  // outside any tunnel
  const auto carrier = carrier_of(chance, world, session, end);
  const bool holds_ipv4 = inner[0] >> 4 == 4;
  Bytes payload = random_shim(chance, carrier, holds_ipv4, inner.size());
  append(payload, inner);
  const auto protocol = protocol_of(chance, carrier, holds_ipv4);
  return carrier.is_ipv4() ? cover_ipv4(chance, carrier, protocol, payload)
                           : cover_ipv6(chance, carrier, protocol, payload);
}

}  // namespace flowmob::dataplane::testing
