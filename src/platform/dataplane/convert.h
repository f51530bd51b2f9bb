// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "base/address.h"
#include "core/tunnelling.h"
#include "dataplane/abi/lma.h"
#include "wire/traffic_selector.h"

namespace flowmob::dataplane {

/// An IPv4-mapped address becomes one whose upper half is its FM_IPV4_KEY.
fm_address to_row(const Ipv6Address& address);
fm_mac to_row(const MacAddress& mac);
fm_address_number to_number(const Ipv6Address& address);
/// IPv4 addresses come out as IPv4-mapped ones.
Ipv6Address from_number(const fm_address_number& number);

/// With one of the keys of what was agreed.
fm_shim to_row(core::Encapsulation encapsulation, std::uint32_t key);

/// The key of a home network prefix. "bad-prefix" for any length but 64.
Result<std::uint64_t> prefix_key(const Ipv6Prefix& prefix);

/// The keys of all that a node has; a prefix of the network behind it that is shorter than 64 bits has
/// several (RFC 7148). "bad-prefix" for one of less than 56 bits, or more than 64.
Result<std::vector<std::uint64_t>> address_keys(const std::vector<Ipv6Prefix>& prefixes,
                                                const std::optional<Ipv4Address>& ipv4);

/// The selector's part of a rule. "bad-selector".
Result<fm_rule> to_rule(const wire::TrafficSelector6& selector);

}  // namespace flowmob::dataplane
