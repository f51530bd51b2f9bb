// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/address.h"
#include "base/bytes.h"

namespace flowmob::core {

inline constexpr std::size_t kIpv4Header = 20;
inline constexpr std::uint16_t kDontFragment = 0x4000, kMoreFragments = 0x2000, kFragmentOffset = 0x1fff;

/// The checksum of RFC 1071 from `sum` on, in host order; zero over octets whose checksum is right.
std::uint16_t internet_checksum(ByteView octets, std::uint32_t sum = 0);
/// What TCP and UDP count besides their own octets (RFC 793, RFC 768): as a `sum` of the above.
std::uint32_t ipv4_pseudo_header(const Ipv4Address& source, const Ipv4Address& destination,
                                 std::uint8_t protocol, std::size_t length);

/// The header of an IPv4 packet (RFC 791), in host order. Only what read() gives is known to be sound.
struct Ipv4View {
  std::size_t header{};  ///< its length with options, in octets: at least 20, all of them there
  std::size_t length{};  ///< of the whole packet; of a quoted one there may be less
  std::uint8_t tos{};
  std::uint16_t fragment{};  ///< flags, and the offset in units of 8 octets
  std::uint8_t ttl{};
  std::uint8_t protocol{};
  Ipv4Address source, destination;

  bool dont_fragment() const { return (fragment & kDontFragment) != 0; }
  std::size_t offset() const { return fragment & kFragmentOffset; }
  /// Nothing where the octets do not begin with a whole header.
  static std::optional<Ipv4View> read(ByteView packet);
};

/// A header without options whose checksum is right, for so many octets behind it.
Bytes ipv4_header(const Ipv4Address& source, const Ipv4Address& destination, std::uint8_t protocol,
                  std::size_t payload, std::uint8_t tos, std::uint16_t flags);

}  // namespace flowmob::core
