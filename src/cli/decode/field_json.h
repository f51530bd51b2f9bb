// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <type_traits>

#include "platform/control_message.h"
#include "wire/options.h"

namespace flowmob::cli::decode {

using platform::Json;

Json to_json(const wire::TrafficSelector& selector);
Json to_json(const wire::FlowSubOption& sub_option);
Json to_json(const wire::AccessNetworkSubOption& sub_option);

/// The visitor that puts the fields of an option or a message into a JSON object. Octets become hexadecimal;
/// a number with a name gets the name beside it, as FIELD_name.
class FieldJson {
 public:
  explicit FieldJson(Json& out) : out_(out) {}

  template <class T>
  void integer(std::string_view name, const T& value) {
    const std::string key(name);
    if constexpr (std::is_enum_v<T>) {
      out_[key] = static_cast<std::underlying_type_t<T>>(value);
      out_[key + "_name"] = to_string(value);
    } else {
      out_[key] = value;
    }
  }
  template <class Address>
  void address(std::string_view name, const Address& value) {
    out_[std::string(name)] = value.to_string();
  }
  void address(std::string_view name, const std::variant<Ipv6Address, Ipv4Address>& value) {
    std::visit([&](const auto& held) { address(name, held); }, value);
  }
  void family(std::uint8_t, std::uint8_t, const std::variant<Ipv6Address, Ipv4Address>&) {}
  void degrees(std::string_view name, std::int32_t value) { out_[std::string(name)] = value / 32768.0; }
  void counted_octets(std::string_view name, const Bytes& value) { octets(name, value, 0); }
  void top_bits(std::string_view name, unsigned, std::uint8_t value) { out_[std::string(name)] = value; }
  template <class T>
  void integer_if_there(std::string_view name, const std::optional<T>& value) {
    if (value) integer(name, *value);
  }
  template <class Bits, class... Letters>
  void flags(Letters... letters) {
    Json& list = out_["flags"] = Json::array();
    ((letters.value ? list.push_back(letters.letter) : void()), ...);
  }
  template <class Bits, class... Letters>
  void flags_and_others(Bits others, Letters... letters) {
    flags<Bits>(letters...);
    out_["other_flags"] = others;
  }
  void four_seconds(std::string_view name, std::uint16_t value) {
    out_[std::string(name) + "_s"] = value * 4;
  }
  void octets(std::string_view name, const Bytes& value, std::size_t) {
    out_[std::string(name)] = to_hex(value);
  }
  void flag(std::string_view name, std::uint8_t, bool value) { out_[std::string(name)] = value; }
  void flag_and_7_bits(std::string_view name, bool flag, std::string_view number_name, std::uint8_t number) {
    out_[std::string(name)] = flag;
    out_[std::string(number_name)] = number;
  }
  void reserved(std::size_t) {}
  void numbers(std::string_view name, const std::vector<std::uint16_t>& values) {
    out_[std::string(name)] = values;
  }
  void care_of(std::string_view name, const std::variant<std::monostate, Ipv4Address, Ipv6Address>& value) {
    if (const auto* v4 = std::get_if<Ipv4Address>(&value)) out_[std::string(name)] = v4->to_string();
    if (const auto* v6 = std::get_if<Ipv6Address>(&value)) out_[std::string(name)] = v6->to_string();
  }
  template <class SubOption>
  void sub_options(std::string_view name, const std::vector<SubOption>& values) {
    Json& list = out_[std::string(name)] = Json::array();
    for (const auto& value : values) list.push_back(to_json(value));
  }

 private:
  Json& out_;
};

}  // namespace flowmob::cli::decode
