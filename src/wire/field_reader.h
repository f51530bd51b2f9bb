// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>
#include <type_traits>

#include "base/error.h"
#include "wire/options.h"

namespace flowmob::wire {

/// The visitor that fills an option's fields from its data. Reads nothing past the end: after the first
/// shortage every further field stays as it is, and finish() says why.
class FieldReader {
 public:
  explicit FieldReader(ByteView data) : rest_(data) {}

  template <class T>
  void integer(std::string_view name, T& value) {
    const ByteView bytes = take(sizeof(T), name);
    std::uint64_t number = 0;
    for (const auto b : bytes) number = number << 8 | b;
    if (!bytes.empty()) value = static_cast<T>(number);
  }
  void address(std::string_view name, Ipv6Address& value) {
    const ByteView bytes = take(16, name);
    if (!bytes.empty()) value = Ipv6Address::from_bytes(bytes);
  }
  void address(std::string_view name, Ipv4Address& value) {
    const ByteView bytes = take(4, name);
    if (!bytes.empty()) std::copy(bytes.begin(), bytes.end(), value.octets.begin());
  }
  void address(std::string_view name, std::variant<Ipv6Address, Ipv4Address>& value) {
    std::visit([&](auto& held) { address(name, held); }, value);
  }
  void family(std::uint8_t mask6, std::uint8_t mask4, std::variant<Ipv6Address, Ipv4Address>& value);
  void degrees(std::string_view name, std::int32_t& value);
  void counted_octets(std::string_view name, Bytes& value) {
    std::uint8_t count = 0;
    integer(name, count);
    const ByteView bytes = take(count, name);
    value.assign(bytes.begin(), bytes.end());
  }
  void octets(std::string_view name, Bytes& value, std::size_t minimum) {
    if (rest_.size() < minimum) return shortage(name);
    value.assign(rest_.begin(), rest_.end());
    rest_ = {};
  }
  void flag(std::string_view name, std::uint8_t mask, bool& value) {
    std::uint8_t octet = 0;
    integer(name, octet);
    value = (octet & mask) != 0;
  }
  void flag_and_7_bits(std::string_view name, bool& flag, std::string_view, std::uint8_t& number) {
    std::uint8_t octet = 0;
    integer(name, octet);
    flag = (octet & 0x80) != 0;
    number = octet & 0x7f;
  }
  void top_bits(std::string_view name, unsigned count, std::uint8_t& value) {
    std::uint8_t octet = 0;
    integer(name, octet);
    value = static_cast<std::uint8_t>(octet >> (8 - count));
  }
  template <class T>
  void integer_if_there(std::string_view name, std::optional<T>& value) {
    if (!rest_.empty()) integer(name, value.emplace());
  }
  template <class Bits, class... Letters>
  void flags(Letters... letters) {
    Bits bits = 0;
    integer("flags", bits);
    ((letters.value = (bits & letters.mask) != 0), ...);
  }
  template <class Bits, class... Letters>
  void flags_and_others(Bits& others, Letters... letters) {
    Bits bits = 0;
    integer("flags", bits);
    ((letters.value = (bits & letters.mask) != 0), ...);
    others = static_cast<Bits>(bits & ~(letters.mask | ...));
  }
  void four_seconds(std::string_view name, std::uint16_t& value) { integer(name, value); }
  void reserved(std::size_t count) { take(count, "reserved octets"); }
  void numbers(std::string_view name, std::vector<std::uint16_t>& values);
  void care_of(std::string_view name, std::variant<std::monostate, Ipv4Address, Ipv6Address>& value);
  void sub_options(std::string_view name, std::vector<FlowSubOption>& values);
  void sub_options(std::string_view name, std::vector<AccessNetworkSubOption>& values);

  /// The first problem, or octets that no field claimed.
  std::optional<Error> finish() const;

 private:
  /// The Type and the data of the next sub-option, if its length fits.
  struct SubOption {
    std::uint8_t type;
    ByteView data;
  };
  std::optional<SubOption> sub_option(std::uint8_t type);
  ByteView take(std::size_t count, std::string_view name) {
    if (error_ || rest_.size() < count) {
      shortage(name);
      return {};
    }
    const ByteView taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }
  void shortage(std::string_view name);
  void problem(Error error) {
    if (!error_) error_ = std::move(error);
  }

  ByteView rest_;
  std::optional<Error> error_;
};

}  // namespace flowmob::wire
