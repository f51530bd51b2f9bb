// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.h"
#include "dataplane/abi/lma.h"
#include "wire/traffic_selector.h"

namespace flowmob::dataplane {

fm_address to_row(const Ipv6Address& address);
fm_mac to_row(const MacAddress& mac);
fm_address_number to_number(const Ipv6Address& address);
Ipv6Address from_number(const fm_address_number& number);

/// The key of a home network prefix. "bad-prefix" for any length but 64.
Result<std::uint64_t> prefix_key(const Ipv6Prefix& prefix);

/// The selector's part of a rule. "bad-selector".
Result<fm_rule> to_rule(const wire::TrafficSelector6& selector);

}  // namespace flowmob::dataplane
