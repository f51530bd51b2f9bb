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

inline Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

}  // namespace flowmob::wire::test
