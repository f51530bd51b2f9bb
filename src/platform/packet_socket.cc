// SPDX-License-Identifier: Apache-2.0
#include "platform/packet_socket.h"

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "platform/frame_socket.h"

namespace flowmob::platform {
namespace {

constexpr std::size_t kEthernetHeader = 14;
constexpr std::size_t kIpv6Header = 40;
/// A Hop-by-Hop header of it alone, padded (RFC 2711 section 2.1).
constexpr std::array<std::uint8_t, 8> kRouterAlert{IPPROTO_ICMPV6, 0, 5, 2, 0, 0, 1, 0};

// Ethernet: destination 0, source 6, type 12; behind it IPv6: payload length 4, next header 6, hop limit 7,
// addresses 8 and 24; ICMPv6 type 40. A Neighbor Discovery message behind extension headers is not looked
// for: nobody sends that, and RFC 6980 forbids the fragmented kind.
constexpr std::array kOnlyNeighborDiscovery{
    ::sock_filter BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 6),
    ::sock_filter BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 0, 4),
    ::sock_filter BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 133, 0, 2),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 136, 1, 0),
    ::sock_filter BPF_STMT(BPF_RET | BPF_K, 0x40000),
    ::sock_filter BPF_STMT(BPF_RET | BPF_K, 0),
};

// Likewise where nothing stands before IPv6, of which the socket gets nothing else.
constexpr std::array kOnlyNeighborDiscoveryOfIp{
    ::sock_filter BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 0, 4),
    ::sock_filter BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 40),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 133, 0, 2),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 136, 1, 0),
    ::sock_filter BPF_STMT(BPF_RET | BPF_K, 0x40000),
    ::sock_filter BPF_STMT(BPF_RET | BPF_K, 0),
};

// Likewise, and queries for groups, whose ICMPv6 stands behind a Router Alert option alone, at 62.
constexpr std::array kNeighborDiscoveryAndQueries{
    ::sock_filter BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 11),
    ::sock_filter BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_HOPOPTS, 0, 4),
    ::sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 54),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x3a000502, 0, 7),
    ::sock_filter BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 62),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 130, 4, 5),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 0, 4),
    ::sock_filter BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 133, 0, 2),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 136, 1, 0),
    ::sock_filter BPF_STMT(BPF_RET | BPF_K, 0x40000),
    ::sock_filter BPF_STMT(BPF_RET | BPF_K, 0),
};

/// Whoever hears first also hears what is for other hosts, and what has a VLAN's tag, which the stack would
/// give to nobody here, or to another interface.
std::vector<::sock_filter> heard(std::span<const ::sock_filter> wanted, PacketSocket::Hearing hearing) {
  std::vector<::sock_filter> steps;
  if (hearing == PacketSocket::Hearing::First) {
    const auto to_the_end = static_cast<std::uint8_t>(wanted.size() + 1);  // which takes nothing
    const auto and_shorter = static_cast<std::uint8_t>(wanted.size() - 1);
    constexpr auto kType = static_cast<unsigned>(SKF_AD_OFF + SKF_AD_PKTTYPE);
    constexpr auto kTag = static_cast<unsigned>(SKF_AD_OFF + SKF_AD_VLAN_TAG);
    steps = {::sock_filter BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kType),
             ::sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OTHERHOST, to_the_end, 0),
             ::sock_filter BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kTag),
             ::sock_filter BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0xfff, and_shorter, 0)};
  }
  steps.insert(steps.end(), wanted.begin(), wanted.end());
  return steps;
}

/// Solicitations go to groups that this interface need not have joined.
Result<void> hear_all_groups(int fd, InterfaceIndex interface) {
  ::packet_mreq membership{};
  membership.mr_ifindex = static_cast<int>(interface.value);
  membership.mr_type = PACKET_MR_ALLMULTI;
  return set_packet_option(fd, interface, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership);
}

std::size_t read_u16(ByteView bytes, std::size_t at) {
  return static_cast<std::size_t>(bytes[at]) << 8 | bytes[at + 1];
}

MacAddress read_mac(ByteView bytes, std::size_t at) {
  MacAddress mac;
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), mac.octets.size(), mac.octets.begin());
  return mac;
}

bool parse_ip(ByteView packet, NdFrame& result) {
  if (packet.size() < kIpv6Header) return false;
  const std::size_t length = read_u16(packet, 4);
  if (packet.size() < kIpv6Header + length) return false;  // what follows the payload is Ethernet's padding
  result.hop_limit = packet[7];
  result.source = Ipv6Address::from_bytes(packet.subspan(8, 16));
  result.destination = Ipv6Address::from_bytes(packet.subspan(24, 16));
  ByteView payload = packet.subspan(kIpv6Header, length);
  result.router_alert = packet[6] == IPPROTO_HOPOPTS;
  if (result.router_alert && payload.size() < kRouterAlert.size()) return false;
  if (result.router_alert) payload = payload.subspan(kRouterAlert.size());
  result.icmpv6.assign(payload.begin(), payload.end());
  return true;
}

std::optional<NdFrame> parse(ByteView frame, LinkHeader header) {
  NdFrame result;
  if (header == LinkHeader::Ethernet) {
    if (frame.size() < kEthernetHeader) return {};
    result.link_destination = read_mac(frame, 0);
    result.link_source = read_mac(frame, 6);
    frame = frame.subspan(kEthernetHeader);
  }
  return parse_ip(frame, result) ? std::optional(std::move(result)) : std::nullopt;
}

Bytes build(const NdFrame& frame, LinkHeader header) {
  Bytes bytes;
  const std::size_t length = frame.icmpv6.size() + (frame.router_alert ? kRouterAlert.size() : 0);
  bytes.reserve(kEthernetHeader + kIpv6Header + length);
  if (header == LinkHeader::Ethernet) {
    append(bytes, frame.link_destination.octets);
    append(bytes, frame.link_source.octets);
    append(bytes, std::array<std::uint8_t, 2>{ETH_P_IPV6 >> 8, ETH_P_IPV6 & 0xff});
  }
  append(bytes, std::array<std::uint8_t, 8>{
                    0x60, 0, 0, 0, static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length),
                    frame.router_alert ? std::uint8_t{IPPROTO_HOPOPTS} : std::uint8_t{IPPROTO_ICMPV6},
                    frame.hop_limit});
  append(bytes, frame.source.octets);
  append(bytes, frame.destination.octets);
  if (frame.router_alert) append(bytes, kRouterAlert);
  append(bytes, frame.icmpv6);
  return bytes;
}

}  // namespace

Result<PacketSocket> PacketSocket::open(InterfaceIndex interface, LinkHeader header, Hearing hearing) {
  const bool hears_queries = hearing == Hearing::First;
  auto fd = header == LinkHeader::Ethernet && hears_queries
                ? open_frame_socket(interface, heard(kNeighborDiscoveryAndQueries, hearing))
            : header == LinkHeader::Ethernet
                ? open_frame_socket(interface, heard(kOnlyNeighborDiscovery, hearing))
                : open_frame_socket(interface, heard(kOnlyNeighborDiscoveryOfIp, hearing), SOCK_DGRAM);
  if (!fd) return tl::unexpected(fd.error());
  auto ready = hear_all_groups(fd->get(), interface).and_then([&] {
    return start_reception(fd->get(), interface, hearing == Hearing::First ? ETH_P_ALL : ETH_P_IPV6);
  });
  if (!ready) return tl::unexpected(ready.error());
  return PacketSocket(std::move(*fd), interface, header);
}

Result<std::optional<NdFrame>> PacketSocket::receive() {
  Bytes buffer(kLongestFrame);
  while (true) {
    ::msghdr nothing_else{};
    const auto length = receive_frame(fd_.get(), buffer, nothing_else);
    if (!length) return tl::unexpected(length.error());
    if (!*length) return std::optional<NdFrame>();
    if (**length > buffer.size()) {
      ++counters_.truncated;
      continue;
    }
    auto frame = parse(ByteView(buffer).first(**length), header_);
    if (!frame) {
      ++counters_.malformed;
      continue;
    }
    ++counters_.received;
    return frame;
  }
}

Result<void> PacketSocket::send(const NdFrame& frame) {
  auto sent = send_frame(fd_.get(), build(frame, header_));
  ++(sent ? counters_.sent : counters_.send_failures);
  return sent;
}

}  // namespace flowmob::platform
