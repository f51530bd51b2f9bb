// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace flowmob {

/// An IPv6 address in network byte order.
struct Ipv6Address {
  std::array<std::uint8_t, 16> octets{};

  static Result<Ipv6Address> parse(std::string_view text);
  /// Copies 16 octets; `bytes` must be exactly that long.
  static Ipv6Address from_bytes(ByteView bytes);

  bool is_unspecified() const { return *this == Ipv6Address{}; }
  bool is_multicast() const { return octets[0] == 0xff; }
  bool is_link_local() const { return octets[0] == 0xfe && (octets[1] & 0xc0) == 0x80; }
  bool is_loopback() const;
  /// Neither unspecified, multicast, loopback nor link-local.
  bool is_routable_unicast() const;
  std::string to_string() const;  ///< RFC 5952 form
  friend auto operator<=>(const Ipv6Address&, const Ipv6Address&) = default;
};

/// An IPv4 address in network byte order.
struct Ipv4Address {
  std::array<std::uint8_t, 4> octets{};
  static Result<Ipv4Address> parse(std::string_view text);
  std::string to_string() const;
  friend auto operator<=>(const Ipv4Address&, const Ipv4Address&) = default;
};

/// An IPv6 prefix. Host bits are always zero: parse() refuses them, truncated() clears them.
struct Ipv6Prefix {
  Ipv6Address address;
  std::uint8_t length{};  ///< 0 to 128

  static Result<Ipv6Prefix> parse(std::string_view text);
  static Ipv6Prefix truncated(Ipv6Address address, std::uint8_t length);
  bool contains(const Ipv6Address& a) const;
  bool contains(const Ipv6Prefix& p) const;
  bool overlaps(const Ipv6Prefix& p) const { return contains(p) || p.contains(*this); }
  /// The address of this prefix whose last 64 bits are `iid`; for prefixes no longer than 64 bits.
  Ipv6Address with_interface_id(std::uint64_t iid) const;
  std::string to_string() const;
  friend auto operator<=>(const Ipv6Prefix&, const Ipv6Prefix&) = default;
};

/// A 48-bit link-layer address, in transmission order.
struct MacAddress {
  std::array<std::uint8_t, 6> octets{};
  static Result<MacAddress> parse(std::string_view text);  ///< accepts ':' and '-' as separators
  std::string to_string() const;                           ///< aa:bb:cc:dd:ee:ff
  std::uint64_t eui64_interface_id() const;                ///< modified EUI-64, RFC 4291 appendix A
  bool is_zero() const { return *this == MacAddress{}; }
  friend auto operator<=>(const MacAddress&, const MacAddress&) = default;
};

std::string to_hex(ByteView bytes);             ///< lower case, no separators
Result<Bytes> from_hex(std::string_view text);  ///< ignores white space and ':'

namespace detail {
std::size_t hash_octets(ByteView bytes) noexcept;
}

}  // namespace flowmob

template <>
struct std::hash<flowmob::Ipv6Address> {
  std::size_t operator()(const flowmob::Ipv6Address& a) const noexcept {
    return flowmob::detail::hash_octets(a.octets);
  }
};
template <>
struct std::hash<flowmob::Ipv6Prefix> {
  std::size_t operator()(const flowmob::Ipv6Prefix& p) const noexcept {
    return flowmob::detail::hash_octets(p.address.octets) * 131 + p.length;
  }
};
template <>
struct std::hash<flowmob::MacAddress> {
  std::size_t operator()(const flowmob::MacAddress& a) const noexcept {
    return flowmob::detail::hash_octets(a.octets);
  }
};
