// SPDX-License-Identifier: Apache-2.0
#include "core/dhcp/frame.h"

#include <algorithm>
#include <array>

namespace flowmob::core::dhcp {
namespace {

constexpr std::size_t kEthernet = 14, kArp = 28, kIpv4 = 20, kUdp = 8;
constexpr std::uint16_t kTypeIpv4 = 0x0800, kTypeArp = 0x0806;
constexpr std::uint8_t kProtocolUdp = 17, kTtl = 64;
constexpr std::array<std::uint8_t, 6> kIpv4OverEthernet{0, 1, 8, 0, 6, 4};

std::uint16_t u16(ByteView octets, std::size_t at) {
  return static_cast<std::uint16_t>(octets[at] << 8 | octets[at + 1]);
}

template <class Address>
Address address_at(ByteView octets, std::size_t at) {
  Address address;
  std::copy_n(octets.begin() + static_cast<std::ptrdiff_t>(at), address.octets.size(),
              address.octets.begin());
  return address;
}

void append16(Bytes& bytes, std::size_t value) {
  bytes.push_back(static_cast<std::uint8_t>(value >> 8));
  bytes.push_back(static_cast<std::uint8_t>(value));
}

void put16(Bytes& bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}

/// RFC 1071, from `sum` on; over octets whose checksum is right it is zero.
std::uint16_t checksum(ByteView octets, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i < octets.size(); ++i) sum += std::uint32_t{octets[i]} << (i % 2 == 0 ? 8 : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

std::uint32_t pseudo_header(const Ipv4Address& source, const Ipv4Address& destination, std::size_t length) {
  std::uint32_t sum = kProtocolUdp + static_cast<std::uint32_t>(length);
  for (const auto* address : {&source, &destination})
    sum += u16(address->octets, 0) + u16(address->octets, 2);
  return sum;
}

Bytes ethernet(const MacAddress& destination, const MacAddress& source, std::uint16_t type) {
  Bytes bytes;
  append(bytes, destination.octets);
  append(bytes, source.octets);
  append16(bytes, type);
  return bytes;
}

std::size_t header_length(ByteView ipv4) { return std::size_t{ipv4[0] & 0xfU} * 4; }

/// The IPv4 packet without its padding; nothing if it is not whole, a fragment, or not UDP.
std::optional<ByteView> udp_in_ipv4(ByteView packet) {
  if (packet.size() < kIpv4 || packet[0] >> 4 != 4) return std::nullopt;
  const std::size_t header = header_length(packet), length = u16(packet, 2);
  if (header < kIpv4 || length < header + kUdp || length > packet.size()) return std::nullopt;
  const bool fragment = (u16(packet, 6) & 0x3fff) != 0;
  if (fragment || packet[9] != kProtocolUdp || checksum(packet.first(header)) != 0) return std::nullopt;
  return packet.first(length);
}

}  // namespace

std::optional<ArpPacket> decode_arp(ByteView frame) {
  if (frame.size() < kEthernet + kArp || u16(frame, 12) != kTypeArp) return std::nullopt;
  const ByteView arp = frame.subspan(kEthernet);
  const std::uint16_t operation = u16(arp, 6);
  if (!std::ranges::equal(arp.first(kIpv4OverEthernet.size()), kIpv4OverEthernet) || operation < 1 ||
      operation > 2)
    return std::nullopt;
  return ArpPacket{
      address_at<MacAddress>(frame, 6), address_at<MacAddress>(frame, 0), operation == 2,
      address_at<MacAddress>(arp, 8),   address_at<MacAddress>(arp, 18),  address_at<Ipv4Address>(arp, 14),
      address_at<Ipv4Address>(arp, 24)};
}

std::optional<UdpPacket> decode_udp(ByteView frame) {
  if (frame.size() < kEthernet || u16(frame, 12) != kTypeIpv4) return std::nullopt;
  const auto packet = udp_in_ipv4(frame.subspan(kEthernet));
  if (!packet) return std::nullopt;
  UdpPacket result;
  result.link_destination = address_at<MacAddress>(frame, 0);
  result.link_source = address_at<MacAddress>(frame, 6);
  result.source = address_at<Ipv4Address>(*packet, 12);
  result.destination = address_at<Ipv4Address>(*packet, 16);
  ByteView udp = packet->subspan(header_length(*packet));
  const std::size_t length = u16(udp, 4);
  if (length < kUdp || length > udp.size()) return std::nullopt;
  udp = udp.first(length);
  const bool is_checked = u16(udp, 6) != 0;
  if (is_checked && checksum(udp, pseudo_header(result.source, result.destination, length)) != 0)
    return std::nullopt;
  result.source_port = u16(udp, 0);
  result.destination_port = u16(udp, 2);
  result.payload.assign(udp.begin() + kUdp, udp.end());
  return result;
}

Bytes encode(const ArpPacket& packet) {
  Bytes bytes = ethernet(packet.link_destination, packet.link_source, kTypeArp);
  append(bytes, kIpv4OverEthernet);
  append16(bytes, packet.reply ? 2 : 1);
  append(bytes, packet.sender_mac.octets);
  append(bytes, packet.sender.octets);
  append(bytes, packet.target_mac.octets);
  append(bytes, packet.target.octets);
  return bytes;
}

Bytes encode(const UdpPacket& packet) {
  Bytes bytes = ethernet(packet.link_destination, packet.link_source, kTypeIpv4);
  const std::size_t length = kUdp + packet.payload.size();
  append(bytes, std::array<std::uint8_t, 2>{0x45, 0});
  append16(bytes, kIpv4 + length);
  append(bytes, std::array<std::uint8_t, 8>{0, 0, 0, 0, kTtl, kProtocolUdp, 0, 0});
  append(bytes, packet.source.octets);
  append(bytes, packet.destination.octets);
  put16(bytes, kEthernet + 10, checksum(ByteView(bytes).subspan(kEthernet)));
  append16(bytes, packet.source_port);
  append16(bytes, packet.destination_port);
  append16(bytes, length);
  append16(bytes, 0);
  append(bytes, packet.payload);
  const ByteView udp = ByteView(bytes).subspan(kEthernet + kIpv4);
  const auto sum = checksum(udp, pseudo_header(packet.source, packet.destination, length));
  put16(bytes, kEthernet + kIpv4 + 6, sum == 0 ? 0xffff : sum);
  return bytes;
}

}  // namespace flowmob::core::dhcp
