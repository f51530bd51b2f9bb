// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "base/address.h"
#include "base/bytes.h"
#include "wire/option_traits.h"
#include "wire/traffic_selector.h"

/// The options of flow bindings. Visitors also know care_of(name, variant), numbers(name, list of 16-bit
/// numbers) and sub_options(name, list).
namespace flowmob::wire {

/// RFC 5648 section 4.1 with the priority of RFC 6089 section 4.1:
/// | Binding ID (16) | Status (8) | H | BID-PRI (7) | care-of address: none, 4 or 16 octets |
struct BindingIdentifierOption {
  static constexpr OptionTraits traits{35, "binding-identifier", "RFC 5648 section 4.1", 2, 0};
  std::uint16_t binding_id{};  ///< zero is reserved
  std::uint8_t status{};
  bool simultaneous_home_foreign = false;
  std::uint8_t priority{};  ///< 7 bits
  std::variant<std::monostate, Ipv4Address, Ipv6Address> care_of;
  static void fields(auto& self, auto& v) {
    v.integer("binding_id", self.binding_id);
    v.integer("status", self.status);
    v.flag_and_7_bits("simultaneous_home_foreign", self.simultaneous_home_foreign, "priority", self.priority);
    v.care_of("care_of", self.care_of);
  }
  friend bool operator==(const BindingIdentifierOption&, const BindingIdentifierOption&) = default;
};

/// RFC 6089 section 4.2.2:  | FID (16) | FID (16) | ... |
struct FlowSummary {
  static constexpr OptionTraits traits{44, "flow-summary", "RFC 6089 section 4.2.2", 2, 0};
  std::vector<std::uint16_t> flow_ids;  ///< at least one
  static void fields(auto& self, auto& v) { v.numbers("flow_ids", self.flow_ids); }
  friend bool operator==(const FlowSummary&, const FlowSummary&) = default;
};

/// RFC 6089 section 4.2.1.3, sub-option 2:  | BID (16) | BID (16) | ... |
struct BindingReference {
  static constexpr std::uint8_t kType = 2;
  std::vector<std::uint16_t> binding_ids;
  friend bool operator==(const BindingReference&, const BindingReference&) = default;
};

/// RFC 6089 section 4.2.1.4, sub-option 3:  | TS Format (8) | Reserved (8) | Traffic Selector ... |
struct TrafficSelectorSubOption {
  static constexpr std::uint8_t kType = 3;
  TrafficSelector selector;
  friend bool operator==(const TrafficSelectorSubOption&, const TrafficSelectorSubOption&) = default;
};

struct UnknownSubOption {
  std::uint8_t type{};
  Bytes data;
  friend bool operator==(const UnknownSubOption&, const UnknownSubOption&) = default;
};

using FlowSubOption = std::variant<BindingReference, TrafficSelectorSubOption, UnknownSubOption>;

/// RFC 6089 section 4.2:  | FID (16) | FID-PRI (16) | Reserved (8) | Status (8) | Sub-options ... |
struct FlowIdentification {
  static constexpr OptionTraits traits{45, "flow-identification", "RFC 6089 section 4.2", 2, 0};
  std::uint16_t flow_id{};
  std::uint16_t priority{};
  std::uint8_t status{};
  std::vector<FlowSubOption> sub_options;
  static void fields(auto& self, auto& v) {
    v.integer("flow_id", self.flow_id);
    v.integer("priority", self.priority);
    v.reserved(1);
    v.integer("status", self.status);
    v.sub_options("sub_options", self.sub_options);
  }
  friend bool operator==(const FlowIdentification&, const FlowIdentification&) = default;
};

}  // namespace flowmob::wire
