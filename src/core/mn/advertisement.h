// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/effect.h"
#include "wire/neighbor_discovery.h"

namespace flowmob::core {

/// What one Router Advertisement says to a logical interface.
struct Advertisement {
  Ipv6Address router;
  MacAddress mac;                     ///< as the router says; else the frame's source
  std::uint16_t router_lifetime = 0;  ///< seconds; zero: not a default router
  std::uint32_t mtu = 0;  ///< zero: not said, or less than IPv6's minimum (RFC 4861 section 6.3.4)
  bool mtu_too_small = false;
  std::vector<wire::PrefixInformation> prefixes;
};

/// Validates as RFC 4861 section 6.1.2. "hop-limit", "not-link-local", "not-an-advertisement", and what
/// wire::decode_nd says.
Result<Advertisement> read_advertisement(const PacketMeta& meta, ByteView icmpv6);

/// If that is the router's word that it hears us (RFC 4861 section 7.3.1: solicited, and valid by section
/// 7.1.2).
struct RouterAnswer {
  MacAddress mac;         ///< that it gives, else the frame's source
  bool is_given = false;  ///< as in every answer to a multicast question (section 4.4)
};
std::optional<RouterAnswer> answer_of(const Ipv6Address& router, const PacketMeta& meta, ByteView icmpv6);

}  // namespace flowmob::core
