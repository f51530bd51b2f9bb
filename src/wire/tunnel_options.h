// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "wire/option_traits.h"

/// The options that agree on the tunnel between a mobile access gateway and its anchor.
namespace flowmob::wire {

/// RFC 5555 section 3.2.2, in the answer to an F flag (RFC 5844 section 4):
/// | F | Reserved (15) | Refresh Time (32, seconds) |
struct NatDetection {
  static constexpr OptionTraits traits{31, "nat-detection", "RFC 5555 section 3.2.2", 4, 0};
  static constexpr std::uint32_t kNoKeepalives = 0xffffffff;  ///< no NAT was found
  bool force_udp = false;
  std::uint32_t refresh_time{};  ///< seconds; zero is ignored
  static void fields(auto& self, auto& v) {
    v.flag("force_udp", 0x80, self.force_udp);
    v.reserved(1);
    v.integer("refresh_time_s", self.refresh_time);
  }
  friend bool operator==(const NatDetection&, const NatDetection&) = default;
};

/// RFC 5845 section 6.1:  | Reserved (16) | GRE Key Identifier (32), if keys are used |
struct GreKey {
  static constexpr OptionTraits traits{33, "gre-key", "RFC 5845 section 6.1", 4, 0};
  std::optional<std::uint32_t> key;  ///< none: GRE encapsulation without keys
  static void fields(auto& self, auto& v) {
    v.reserved(2);
    v.integer_if_there("key", self.key);
  }
  friend bool operator==(const GreKey&, const GreKey&) = default;
};

}  // namespace flowmob::wire
