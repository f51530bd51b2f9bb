// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/address.h"
#include "base/bytes.h"

namespace flowmob::wire::test {

/// Octets written down by hand; white space is for the reader.
inline Bytes hex(std::string_view text) { return from_hex(text).value(); }
inline Ipv6Address ip(std::string_view text) { return Ipv6Address::parse(text).value(); }
inline Ipv4Address ip4(std::string_view text) { return Ipv4Address::parse(text).value(); }

/// Between whom messages go, whose checksums cover the addresses.
inline const Ipv6Address kMag = ip("2001:db8:a::1"), kLma = ip("2001:db8:f::1");

inline Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

}  // namespace flowmob::wire::test
