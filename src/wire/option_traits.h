// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace flowmob::wire {

/// What an option is, apart from its fields. Alignment: the Type octet stands at n*k + y from the message's
/// start.
///
/// The fields are declared once in `fields(self, visitor)`, in wire order; reader, writer, JSON printer and
/// random generator are visitors. A visitor knows: integer(name, value), address(name, value), octets(name,
/// bytes, minimum) for all that remains, flag(name, mask, value) for a flag in an octet otherwise reserved,
/// top_bits(name, count, value) for a number in an octet whose lower bits are reserved,
/// integer_if_there(name, optional) for a last field that may be missing, reserved(count).
struct OptionTraits {
  std::uint8_t type;
  std::string_view name;  ///< kebab-case; the key in JSON
  std::string_view rfc;
  std::uint8_t align_n = 1;
  std::uint8_t align_y = 0;
};

/// What a sub-option is; its fields are declared like those of an option.
struct SubOptionTraits {
  std::uint8_t type;
  std::string_view name;
};

}  // namespace flowmob::wire
