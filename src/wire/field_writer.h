// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "wire/options.h"

namespace flowmob::wire {

/// The visitor that appends an option's fields to a message, which `out` holds from its first octet on.
class FieldWriter {
 public:
  explicit FieldWriter(Bytes& out) : out_(out) {}

  template <class T>
  void integer(std::string_view, const T& value) {
    const auto number = static_cast<std::uint64_t>(value);
    std::array<std::uint8_t, sizeof(T)> octets;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      octets[i] = static_cast<std::uint8_t>(number >> (8 * (sizeof(T) - 1 - i)));
    append(octets);
  }
  void address(std::string_view, const Ipv6Address& value) { append(value.octets); }
  void address(std::string_view, const Ipv4Address& value) { append(value.octets); }
  void address(std::string_view name, const std::variant<Ipv6Address, Ipv4Address>& value) {
    std::visit([&](const auto& held) { address(name, held); }, value);
  }
  void family(std::uint8_t mask6, std::uint8_t mask4, const std::variant<Ipv6Address, Ipv4Address>& value) {
    out_.push_back(std::holds_alternative<Ipv4Address>(value) ? mask4 : mask6);
  }
  void degrees(std::string_view, std::int32_t value) {
    for (const int shift : {16, 8, 0}) out_.push_back(static_cast<std::uint8_t>(value >> shift));
  }
  /// Octets too many for their count make the whole option too long, which encode_options refuses.
  void counted_octets(std::string_view, const Bytes& value) {
    out_.push_back(static_cast<std::uint8_t>(value.size()));
    append(value);
  }
  void octets(std::string_view, const Bytes& value, std::size_t) { append(value); }
  void flag(std::string_view, std::uint8_t mask, bool value) {
    out_.push_back(value ? mask : std::uint8_t{0});
  }
  void flag_and_7_bits(std::string_view, bool flag, std::string_view, std::uint8_t number) {
    out_.push_back(static_cast<std::uint8_t>((flag ? 0x80 : 0) | (number & 0x7f)));
  }
  void top_bits(std::string_view, unsigned count, std::uint8_t value) {
    out_.push_back(static_cast<std::uint8_t>(value << (8 - count)));
  }
  template <class T>
  void integer_if_there(std::string_view name, const std::optional<T>& value) {
    if (value) integer(name, *value);
  }
  template <class Bits, class... Letters>
  void flags(Letters... letters) {
    integer("flags", static_cast<Bits>((bits(letters) | ...)));
  }
  template <class Bits, class... Letters>
  void flags_and_others(Bits others, Letters... letters) {
    integer("flags", static_cast<Bits>((bits(letters) | ...) | (others & ~(letters.mask | ...))));
  }
  void four_seconds(std::string_view name, std::uint16_t value) { integer(name, value); }
  void reserved(std::size_t count) { out_.resize(out_.size() + count); }
  void numbers(std::string_view name, const std::vector<std::uint16_t>& values) {
    for (const auto value : values) integer(name, value);
  }
  void care_of(std::string_view, const std::variant<std::monostate, Ipv4Address, Ipv6Address>& value) {
    if (const auto* v4 = std::get_if<Ipv4Address>(&value)) append(v4->octets);
    if (const auto* v6 = std::get_if<Ipv6Address>(&value)) append(v6->octets);
  }
  void sub_options(std::string_view name, const std::vector<FlowSubOption>& values);
  void sub_options(std::string_view name, const std::vector<AccessNetworkSubOption>& values);

 private:
  template <class Letter>
  static unsigned bits(Letter letter) {
    return letter.value ? letter.mask : 0;
  }
  void append(ByteView bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  void sub_option(std::uint8_t type, ByteView data);

  Bytes& out_;
};

}  // namespace flowmob::wire
