// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/address.h"

namespace flowmob {

std::uint32_t to_number(const Ipv4Address& address);
Ipv4Address to_ipv4(std::uint32_t number);

/// An IPv4 address in the place of an IPv6 address, ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2): a peer that is
/// spoken to over IPv4.
bool is_mapped(const Ipv6Address& address);
Ipv6Address to_mapped(const Ipv4Address& address);
Ipv4Address from_mapped(const Ipv6Address& address);
/// As people write it: without the prefix where it is an IPv4 address.
std::string written(const Ipv6Address& address);

/// An IPv4 address with the length of its subnet's prefix, such as 192.0.2.1/24. Host bits are part of it.
struct Ipv4Interface {
  Ipv4Address address;
  std::uint8_t length{};  ///< 0 to 32

  static Result<Ipv4Interface> parse(std::string_view text);
  Ipv4Address mask() const;
  Ipv4Address first() const;  ///< of the subnet: its own address
  Ipv4Address last() const;   ///< of the subnet: broadcast
  bool contains(const Ipv4Address& a) const;
  bool overlaps(const Ipv4Interface& other) const;
  std::string to_string() const;
  friend auto operator<=>(const Ipv4Interface&, const Ipv4Interface&) = default;
};

}  // namespace flowmob
