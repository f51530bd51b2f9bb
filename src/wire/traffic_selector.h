// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

#include "base/address.h"
#include "base/bytes.h"
#include "base/error.h"

/// RFC 6088 binary traffic selectors. They describe the downlink: the source is the correspondent, the
/// destination the mobile node. Ranges are inclusive; an absent field matches everything. DS values are 6
/// bits (0 to 63; on the wire they are the upper six of their octet), flow labels 20.
namespace flowmob::wire {

template <class T>
struct Range {
  T first{};
  T last{};
  bool contains(const T& value) const { return first <= value && value <= last; }
  friend bool operator==(const Range&, const Range&) = default;
};

/// TS format 2 (RFC 6088 section 3.2).
struct TrafficSelector6 {
  static constexpr std::uint8_t kFormat = 2;
  std::optional<Range<Ipv6Address>> source{}, destination{};
  std::optional<Range<std::uint32_t>> spi{};
  std::optional<Range<std::uint32_t>> flow_label{};
  std::optional<Range<std::uint16_t>> source_port{}, destination_port{};
  std::optional<Range<std::uint8_t>> traffic_class{};  ///< DS field, 6 bits
  std::optional<Range<std::uint8_t>> next_header{};
  friend bool operator==(const TrafficSelector6&, const TrafficSelector6&) = default;
};

/// TS format 1 (RFC 6088 section 3.1).
struct TrafficSelector4 {
  static constexpr std::uint8_t kFormat = 1;
  std::optional<Range<Ipv4Address>> source{}, destination{};
  std::optional<Range<std::uint32_t>> spi{};
  std::optional<Range<std::uint16_t>> source_port{}, destination_port{};
  std::optional<Range<std::uint8_t>> traffic_class{};
  std::optional<Range<std::uint8_t>> protocol{};
  friend bool operator==(const TrafficSelector4&, const TrafficSelector4&) = default;
};

/// Of a format that we do not know, or of one that we do and which contradicts itself.
struct UnknownSelector {
  std::uint8_t format{};
  Bytes data;
  friend bool operator==(const UnknownSelector&, const UnknownSelector&) = default;
};

using TrafficSelector = std::variant<TrafficSelector6, TrafficSelector4, UnknownSelector>;

/// What follows the TS Format and Reserved octets. "bad-selector" when truncated, over-long, an end without
/// its start, or an end before its start.
Result<TrafficSelector> decode_selector(std::uint8_t format, ByteView data);
Bytes encode_selector(const TrafficSelector& selector);

/// The sub-option that carries the selector starts at a multiple of this: 8 with IPv6 addresses, 4 with IPv4
/// addresses, SPI or flow label, 2 with ports, else 1 (RFC 6088 sections 3.1 and 3.2).
std::size_t alignment_of(const TrafficSelector& selector);

/// Neither empty nor backwards in any field, and no value wider than its field.
bool is_valid(const TrafficSelector6& selector);

}  // namespace flowmob::wire
