// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace flowmob::wire {

/// What a message is, apart from its fields. They are declared once in `fields(self, visitor)`, as those of
/// an option are (wire/option_traits.h); a message's visitor also knows flags<Bits>(letters...),
/// flags_and_others<Bits>(rest, letters...) and four_seconds(name, value).
struct MessageTraits {
  std::uint8_t type;
  std::string_view name;  ///< kebab-case; the type in JSON
  std::string_view rfc;
  std::size_t fixed;         ///< octets between the checksum and the options
  std::uint8_t subtype = 0;  ///< the first of them, where one MH Type has several formats; else 0
};

/// A flag with its letter in the RFC's diagram.
template <class Bool>
struct Letter {
  const char* letter;
  unsigned mask;
  Bool& value;
};
template <class Bool>
Letter(const char*, unsigned, Bool&) -> Letter<Bool>;

}  // namespace flowmob::wire
