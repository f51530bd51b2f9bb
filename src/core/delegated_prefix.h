// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <optional>
#include <variant>
#include <vector>

#include "base/address.h"
#include "wire/group_options.h"

/// Delegated Mobile Network Prefixes (RFC 7148): of the network behind a mobile node that is a router.
namespace flowmob::core {

/// The rows of the data plane are of 64 bits: a shorter prefix has several, one of 56 bits 256
/// (docs/adr/0069).
constexpr std::uint8_t kShortestDelegated = 56, kLongestDelegated = 64;
constexpr std::size_t kMostDelegated = 4;  ///< of one node

inline bool may_be_delegated(const Ipv6Prefix& prefix) {
  return prefix.length >= kShortestDelegated && prefix.length <= kLongestDelegated &&
         prefix.address.is_routable_unicast();
}

/// ALL_ZERO: any will do.
inline bool asks_for_any(const wire::DelegatedMobileNetworkPrefix& option) {
  return std::visit([](const auto& address) { return address == std::decay_t<decltype(address)>{}; },
                    option.prefix);
}

/// None: it is one of IPv4, or longer than an address.
inline std::optional<Ipv6Prefix> ipv6_prefix_of(const wire::DelegatedMobileNetworkPrefix& option) {
  const auto* address = std::get_if<Ipv6Address>(&option.prefix);
  if (!address || option.prefix_length > 128) return std::nullopt;
  return Ipv6Prefix::truncated(*address, option.prefix_length);
}

inline wire::DelegatedMobileNetworkPrefix delegated_option(const Ipv6Prefix& prefix) {
  return {prefix.length, prefix.address};
}

inline void sort_once(std::vector<Ipv6Prefix>& prefixes) {
  std::ranges::sort(prefixes);
  prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
}

}  // namespace flowmob::core
