// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "wire/enums.h"
#include "wire/message_traits.h"
#include "wire/option_traits.h"

/// RFC 8278: a gateway with several uplinks registers each of them.
namespace flowmob::wire {

/// RFC 8278 section 4.1:  | If-ATT (8) | If-Label (8) | Binding ID (8) | B O Reserved (22) |
struct MagMultipathBinding {
  static constexpr OptionTraits traits{63, "mag-multipath-binding", "RFC 8278 section 4.1"};
  AccessTechnology type{};
  std::uint8_t label{};
  std::uint8_t binding_id{};  ///< 1 to 254; another is the receiver's to reject
  bool bulk = false;          ///< B: refreshes all bindings; never with O
  bool overwrite = false;     ///< O: replaces all bindings
  static void fields(auto& self, auto& v) {
    v.integer("type", self.type);
    v.integer("label", self.label);
    v.integer("binding_id", self.binding_id);
    v.template flags<std::uint8_t>(Letter{"B", 0x80, self.bulk}, Letter{"O", 0x40, self.overwrite});
    v.reserved(2);
  }
  friend bool operator==(const MagMultipathBinding&, const MagMultipathBinding&) = default;
};

/// RFC 8278 section 4.2:  | Subtype (8) | Reserved (8) | Identifier ... |, subtypes as of
/// MobileNodeIdentifier
struct MagIdentifier {
  static constexpr OptionTraits traits{64, "mag-identifier", "RFC 8278 section 4.2"};
  std::uint8_t subtype = 1;
  Bytes identifier;
  static void fields(auto& self, auto& v) {
    v.integer("subtype", self.subtype);
    v.reserved(1);
    v.octets("identifier", self.identifier, 0);
  }
  friend bool operator==(const MagIdentifier&, const MagIdentifier&) = default;
};

}  // namespace flowmob::wire
