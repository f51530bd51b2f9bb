// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "base/address.h"
#include "base/bytes.h"
#include "base/error.h"

/// Neighbor Discovery messages (RFC 4861 section 4), as ICMPv6 without the IPv6 header. Lifetimes in seconds,
/// times in milliseconds, as on the wire.
namespace flowmob::wire {

constexpr std::uint8_t kIcmpv6Protocol = 58;

/// RFC 4861 section 4.6.1: link-layer address of the sender, type 1. Length of the address as the link has
/// it.
struct SourceLinkLayerAddress {
  Bytes address;
  friend bool operator==(const SourceLinkLayerAddress&, const SourceLinkLayerAddress&) = default;
};
/// RFC 4861 section 4.6.1: type 2.
struct TargetLinkLayerAddress {
  Bytes address;
  friend bool operator==(const TargetLinkLayerAddress&, const TargetLinkLayerAddress&) = default;
};
/// RFC 4861 section 4.6.2: type 3.
struct PrefixInformation {
  std::uint8_t prefix_length{};
  bool on_link = false;     ///< L
  bool autonomous = false;  ///< A
  std::uint32_t valid_lifetime{};
  std::uint32_t preferred_lifetime{};
  Ipv6Address prefix;
  friend bool operator==(const PrefixInformation&, const PrefixInformation&) = default;
};
/// RFC 4861 section 4.6.4: type 5.
struct Mtu {
  std::uint32_t mtu{};
  friend bool operator==(const Mtu&, const Mtu&) = default;
};
/// `data` is everything behind the length octet, 6 + 8n octets.
struct UnknownNdOption {
  std::uint8_t type{};
  Bytes data;
  friend bool operator==(const UnknownNdOption&, const UnknownNdOption&) = default;
};
using NdOption =
    std::variant<SourceLinkLayerAddress, TargetLinkLayerAddress, PrefixInformation, Mtu, UnknownNdOption>;
using NdOptions = std::vector<NdOption>;

/// Type 133:  | Reserved (32) | options |
struct RouterSolicitation {
  NdOptions options;
  friend bool operator==(const RouterSolicitation&, const RouterSolicitation&) = default;
};
/// Type 134:  | Cur Hop Limit | M O ... | Router Lifetime (16) | Reachable Time (32) | Retrans Timer (32) |
/// options |
struct RouterAdvertisement {
  std::uint8_t hop_limit{};
  bool managed = false;
  bool other_config = false;
  std::uint16_t router_lifetime{};
  std::uint32_t reachable_time{};
  std::uint32_t retrans_timer{};
  NdOptions options;
  friend bool operator==(const RouterAdvertisement&, const RouterAdvertisement&) = default;
};
/// Type 135:  | Reserved (32) | Target (128) | options |
struct NeighborSolicitation {
  Ipv6Address target;
  NdOptions options;
  friend bool operator==(const NeighborSolicitation&, const NeighborSolicitation&) = default;
};
/// Type 136:  | R S O ... (32) | Target (128) | options |
struct NeighborAdvertisement {
  bool router = false;
  bool solicited = false;
  bool override_ = false;
  Ipv6Address target;
  NdOptions options;
  friend bool operator==(const NeighborAdvertisement&, const NeighborAdvertisement&) = default;
};

using NdMessage =
    std::variant<RouterSolicitation, RouterAdvertisement, NeighborSolicitation, NeighborAdvertisement>;

/// One whole ICMPv6 message. Errors: "truncated", "bad-checksum", "not-neighbor-discovery" (another type),
/// "bad-code", "bad-option-length" (a zero length included, RFC 4861 section 4.6). The hop limit is the
/// caller's to check.
Result<NdMessage> decode_nd(ByteView icmpv6, const Ipv6Address& source, const Ipv6Address& destination);
/// An option longer than 255 units of 8 octets gives an empty result.
Bytes encode_nd(const NdMessage& message, const Ipv6Address& source, const Ipv6Address& destination);

template <class T>
const T* find(const NdOptions& options) {
  for (const auto& option : options)
    if (const auto* found = std::get_if<T>(&option)) return found;
  return nullptr;
}

}  // namespace flowmob::wire
