// SPDX-License-Identifier: Apache-2.0
#include "random_packet.h"

#include "base/ipv4.h"
#include "random_payload.h"

namespace flowmob::dataplane::testing {
namespace {

constexpr std::uint16_t kIpv4Type = 0x0800, kIpv6Type = 0x86dd;
constexpr std::string_view kCorePort = "02:00:00:00:00:c0", kAccessPort = "02:00:00:00:00:a1",
                           kElsewhere = "02:00:00:00:00:ff";

Ipv6Address at(std::string_view text) { return Ipv6Address::parse(text).value(); }
Ipv6Address at4(std::string_view text) { return to_mapped(Ipv4Address::parse(text).value()); }

/// What no host has for its own, and what is somebody else's.
Ipv6Address odd_source(Chance& chance, const World& world) {
  if (chance.one_in(3)) return random_home(chance, world);
  return at(chance.one_of<std::string_view>(
      {"::", "::1", "ff02::1", "fe80::1", "febf::1", kAnchor, kGateway1, "::ffff:198.51.100.1",
       "0:ffff:c000:202::", "0:ffff:c633:6401::", "64:ff9b::c633:6401", "fec0::1"}));
}
Ipv6Address odd_destination(Chance& chance) {
  return at(chance.one_of<std::string_view>({"::", "ff02::1", "fe80::1", kAnchor, kGateway1,
                                             "2001:db8:109::1", "2001:db8:204::1",
                                             "0:ffff:c000:202::", "0:ffff:c000:202::1", "::ffff:192.0.2.2"}));
}
Ipv6Address odd_address4(Chance& chance) {
  return at4(chance.one_of<std::string_view>({"0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255",
                                              "240.0.0.1", "192.0.2.77", kAnchor4, "192.0.2.3"}));
}

/// Every other packet is between one of few pairs, so that fragments, pings and repetitions meet.
Ends random_ends(Chance& chance, const World& world, bool is_ipv4) {
  Ends ends;
  if (chance.one_in(2) && is_ipv4) return {at4("198.51.100.1"), at4("192.0.2.2")};
  if (chance.one_in(2)) {
    ends = {at(kCorrespondents), world.nodes[chance.below(world.nodes.size())].prefixes[0].address};
    ends.source.octets[15] = ends.destination.octets[15] = 1;
    if (!is_ipv4) return ends;
  }
  if (is_ipv4) {
    ends.source = chance.one_in(25) ? odd_address4(chance) : random_correspondent4(chance);
    ends.destination =
        chance.one_in(20)
            ? odd_address4(chance)
            : at4(std::vector<std::string>{"192.0.2.2", "192.0.2.3", "192.0.2.4"}[chance.below(3)]);
    return ends;
  }
  ends.source = chance.one_in(20) ? odd_source(chance, world) : random_correspondent(chance);
  ends.destination = chance.one_in(20) ? odd_destination(chance) : random_home(chance, world);
  return ends;
}

/// Lengths about which something changes, of the whole packet; else any.
std::size_t wanted_length(Chance& chance) {
  const auto edge =
      chance.one_of<std::size_t>({1000, 1280, 1300, 1400, 1440, 1452, 1456, 1460, 1472, 1480, 1500});
  if (chance.one_in(2)) return edge + chance.below(3) - 1;
  return chance.from_to(1200, 2200);
}

}  // namespace

void spoil(Chance& chance, Bytes& packet) {
  const auto flip = [&](std::size_t among) {
    packet[chance.below(std::min(among, packet.size()))] ^= static_cast<std::uint8_t>(1U << chance.below(8));
  };
  switch (chance.below(6)) {
    case 0:
      packet.resize(chance.from_to(1, packet.size()));
      return;
    case 1:
      for (auto octets = chance.from_to(1, 30); octets > 0; --octets) packet.push_back(chance.octet());
      return;
    case 2:  // of the length
      return flip(6);
    case 3:
      return flip(60);
    case 4:
      for (int i = 0; i < 8; ++i) flip(packet.size());
      return;
    default:  // a shorter length than there is, so that something is behind the packet
      const std::size_t low = packet[0] >> 4 == 4 ? 3 : 5;
      if (packet.size() > low) packet[low] = static_cast<std::uint8_t>(chance.below(packet[low] + 1U));
  }
}

namespace {

Frame framed(Chance& chance, std::string_view port, const Bytes& packet, std::string_view by = kElsewhere) {
  const auto to = MacAddress::parse(chance.one_in(100) ? kElsewhere : port).value();
  Frame octets;
  append(octets, to.octets);
  append(octets, MacAddress::parse(by).value().octets);
  auto type = packet[0] >> 4 == 4 ? kIpv4Type : kIpv6Type;
  if (chance.one_in(200)) type = chance.one_of<std::uint16_t>({kIpv4Type, kIpv6Type, 0x0806});
  append(octets, Bytes{static_cast<std::uint8_t>(type >> 8), static_cast<std::uint8_t>(type)});
  append(octets, packet);
  // Frames are not as short, and BPF_PROG_TEST_RUN refuses those that end within the header.
  const std::size_t least = 14 + (type == kIpv4Type ? 20 : 40);
  if (octets.size() < least) octets.resize(least);
  return octets;
}

/// One that the anchor itself would send to where a node is.
void make_own_tunnel_packet(Chance& chance, Bytes& packet) {
  const bool is_ipv4 = packet[0] >> 4 == 4;
  packet[is_ipv4 ? 9 : 6] = chance.one_of<std::uint8_t>({4, 41, 47});
  if (is_ipv4) {
    std::ranges::copy(Ipv4Address::parse(kAnchor4).value().octets, packet.begin() + 12);
    complete_ipv4_checksum(packet);
  } else {
    std::ranges::copy(at(kAnchor).octets, packet.begin() + 8);
  }
}

}  // namespace

Frame random_downlink(Chance& chance, const World& world) {
  const bool is_ipv4 = chance.one_in(3);
  const auto ends = random_ends(chance, world, is_ipv4);
  const auto length = chance.one_in(8) ? wanted_length(chance) : 0;
  auto packet = random_ip(chance, ends, length);
  if (chance.one_in(100)) make_own_tunnel_packet(chance, packet);
  if (chance.one_in(8)) spoil(chance, packet);
  return framed(chance, kCorePort, packet);
}

Frame random_uplink(Chance& chance, const World& world) {
  if (world.sessions.empty()) return random_downlink(chance, world);
  auto packet = random_tunnel_packet(chance, world, Towards::Anchor);
  if (chance.one_in(10)) spoil(chance, packet);
  return framed(chance, kAccessPort, packet);
}

Frame random_gateway_downlink(Chance& chance, const World& world) {
  if (world.sessions.empty()) return random_downlink(chance, world);
  auto packet = random_tunnel_packet(chance, world, Towards::Gateway);
  if (chance.one_in(10)) spoil(chance, packet);
  return framed(chance, kAccessPort, packet);
}

namespace {

/// What a node says to its gateway, or on the link.
void send_on_link(Chance& chance, Bytes& packet) {
  const bool is_ipv4 = packet[0] >> 4 == 4;
  if (packet.size() < 44) return;
  const auto address = [&](std::size_t where, std::string_view text) {
    if (is_ipv4)
      std::ranges::copy(Ipv4Address::parse(text).value().octets,
                        packet.begin() + static_cast<std::ptrdiff_t>(where));
    else
      std::ranges::copy(at(text).octets, packet.begin() + static_cast<std::ptrdiff_t>(where));
  };
  if (!is_ipv4) {
    if (chance.one_in(3)) return address(8, chance.one_of<std::string_view>({"fe80::5", "::"}));
    address(24, chance.one_of<std::string_view>({"fe80::1", "ff02::1", kGateway1, kGateway2}));
    if (chance.one_in(3)) packet[6] = 135;
    return;
  }
  if (chance.one_in(4)) return address(12, "0.0.0.0");
  address(16, chance.one_of<std::string_view>({"255.255.255.255", "224.0.0.1", "192.0.2.1", kGateway4}));
  if (chance.one_in(2)) {
    const auto port = chance.one_of<std::uint16_t>({67, 5436});
    packet[9] = 17;
    packet[22] = static_cast<std::uint8_t>(port >> 8);
    packet[23] = static_cast<std::uint8_t>(port);
  }
}

}  // namespace

Frame random_gateway_uplink(Chance& chance, const World& world) {
  if (world.sessions.empty()) return random_downlink(chance, world);
  const auto& session = chance.one_of(world.sessions);
  auto packet = random_node_packet(chance, world, session, Towards::Anchor);
  if (chance.one_in(10)) send_on_link(chance, packet);
  if (chance.one_in(8)) spoil(chance, packet);
  const auto sender = chance.one_in(15) ? chance.from_to(1, 6) : session.node.value;
  auto frame = framed(chance, kCorePort, packet, link_address_of(NodeIndex{sender}).to_string());
  if (chance.one_in(30)) frame[0] = 0x33;  // for many
  return frame;
}

}  // namespace flowmob::dataplane::testing
