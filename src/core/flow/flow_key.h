// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/error.h"
#include "base/ipv4.h"
#include "core/effect.h"
#include "wire/traffic_selector.h"

namespace flowmob::core {

/// A flow as its downlink packets look, as the data plane's classifier sees it: the source is the
/// correspondent. Addresses of IPv4 are IPv4-mapped.
struct FlowKey {
  Ipv6Address source, destination;
  std::uint8_t protocol{};  ///< behind the extension headers
  std::uint8_t ds{};
  std::optional<std::uint32_t> flow_label{};  ///< none: IPv4
  std::optional<std::uint32_t> spi{};
  struct Ports {
    std::uint16_t source{}, destination{};
    friend bool operator==(const Ports&, const Ports&) = default;
  };
  std::optional<Ports> ports{};
  friend bool operator==(const FlowKey&, const FlowKey&) = default;
};

/// "udp,2001:db8:c::10,5004,2001:db8:100::10,4000": protocol (name or number), source, source port,
/// destination, destination port; without ports for a protocol that has none. "bad-flow".
Result<FlowKey> parse_flow_key(std::string_view text);
std::string to_string(const FlowKey& key);

/// {"flow": such a text, and "dscp", "spi", "flow_label" where they matter}. "bad-flow", "bad-argument".
Result<FlowKey> flow_key_of(const Json& arguments);

/// The first field of the selector that the flow does not have, by its name in show flows; none: it matches
/// (RFC 6088 section 3.2). What the data plane does with the same selector is the same.
std::optional<std::string_view> first_mismatch(const wire::TrafficSelector6& selector, const FlowKey& key);

/// Whether an address of the range is in the prefix. That of IPv4-mapped addresses stands for IPv4.
bool has_some_of(const wire::Range<Ipv6Address>& range, const Ipv6Prefix& prefix);

}  // namespace flowmob::core
