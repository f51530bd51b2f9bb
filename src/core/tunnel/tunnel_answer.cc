// SPDX-License-Identifier: Apache-2.0
#include "core/tunnel/tunnel_answer.h"

#include <algorithm>

#include "base/ipv4.h"
#include "core/tunnel/ipv4_packet.h"
#include "wire/checksum.h"

namespace flowmob::core {
namespace {

constexpr std::uint8_t kIcmpProtocol = 1, kIcmpv6Protocol = 58;
constexpr std::uint8_t kIcmpv6Unreachable = 1, kAddressUnreachable = 3, kPacketTooBig = 2;
constexpr std::uint8_t kIcmpUnreachable = 3, kHostUnreachable = 1, kFragmentationNeeded = 4;
constexpr std::uint32_t kLeastOfIpv6 = 1280;
/// Who says less is not believed, nor does Linux (ip_rt_min_pmtu).
constexpr std::uint32_t kLeastPathOfIpv4 = 552;
constexpr std::size_t kIcmpHeader = 8, kLongestIcmpv6 = 1280 - 40, kLongestIcmp = 576 - kIpv4Header;

std::optional<TunnelAnswer> too_big(const TunnelError& error, const OriginalPacket& original) {
  const auto path = std::max(error.path_mtu, is_mapped(error.local) ? kLeastPathOfIpv4 : kLeastOfIpv6);
  if (error.path_mtu == 0) return std::nullopt;
  const auto mtu = static_cast<std::uint16_t>(std::min<std::uint32_t>(path - error.tunnel_headers, 0xffff));
  if (original.ipv4) {
    if (!original.dont_fragment || original.length <= mtu) return std::nullopt;
    return TunnelAnswer{original, kIcmpUnreachable, kFragmentationNeeded, mtu};
  }
  if (original.length <= kLeastOfIpv6 || original.length <= mtu) return std::nullopt;
  return TunnelAnswer{original, kPacketTooBig, 0, std::max(mtu, static_cast<std::uint16_t>(kLeastOfIpv6))};
}

Bytes icmp(const TunnelAnswer& answer, ByteView quoted, std::size_t longest) {
  Bytes message{answer.type,
                answer.code,
                0,
                0,
                0,
                0,
                static_cast<std::uint8_t>(answer.mtu >> 8),
                static_cast<std::uint8_t>(answer.mtu)};
  append(message, quoted.first(std::min(quoted.size(), longest - kIcmpHeader)));
  return message;
}

void put_checksum(Bytes& message, std::uint16_t checksum) {
  message[2] = static_cast<std::uint8_t>(checksum >> 8);
  message[3] = static_cast<std::uint8_t>(checksum);
}

}  // namespace

std::optional<TunnelAnswer> answer_to(const TunnelError& error) {
  const auto original = OriginalPacket::read(error.original);
  if (!original || !original->answerable) return std::nullopt;
  if (error.kind == TunnelErrorKind::TooBig) return too_big(error, *original);
  if (original->ipv4) return TunnelAnswer{*original, kIcmpUnreachable, kHostUnreachable, 0};
  return TunnelAnswer{*original, kIcmpv6Unreachable, kAddressUnreachable, 0};
}

Bytes icmpv6_message(const TunnelAnswer& answer, ByteView quoted, const Ipv6Address& source) {
  Bytes message = icmp(answer, quoted, kLongestIcmpv6);
  put_checksum(message, wire::ipv6_checksum(source, answer.original.source, kIcmpv6Protocol, message));
  return message;
}

Bytes icmp_packet(const TunnelAnswer& answer, ByteView quoted, const Ipv4Address& source) {
  Bytes message = icmp(answer, quoted, kLongestIcmp);
  put_checksum(message, internet_checksum(message));
  Bytes packet =
      ipv4_header(source, from_mapped(answer.original.source), kIcmpProtocol, message.size(), 0, 0);
  append(packet, message);
  return packet;
}

}  // namespace flowmob::core
