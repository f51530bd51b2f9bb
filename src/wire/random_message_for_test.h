// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rapidcheck.h>

#include <algorithm>

#include "wire/mobility_header.h"

/// Random valid messages, inside a rapidcheck property.
namespace flowmob::wire::test {

inline bool any_bool() { return *rc::gen::arbitrary<bool>(); }
/// From 0 to `highest`, which may be all 64 bits.
inline std::uint64_t any_number(std::uint64_t highest) {
  const auto number = *rc::gen::noShrink(rc::gen::arbitrary<std::uint64_t>());
  return highest == ~std::uint64_t{0} ? number : number % (highest + 1);
}
template <class T>
T any_integer() {
  return static_cast<T>(any_number(~std::uint64_t{0} >> (64 - 8 * sizeof(T))));
}
inline Bytes any_octets(std::size_t minimum, std::size_t maximum) {
  Bytes octets(static_cast<std::size_t>(*rc::gen::inRange<std::size_t>(minimum, maximum + 1)));
  for (auto& octet : octets) octet = any_integer<std::uint8_t>();
  return octets;
}
template <class Address>
Address any_address() {
  Address address;
  for (auto& octet : address.octets) octet = any_integer<std::uint8_t>();
  return address;
}

template <class T>
void any_range(std::optional<Range<T>>& range,
               std::uint64_t highest = ~std::uint64_t{0} >> (64 - 8 * sizeof(T))) {
  if (!any_bool()) return;
  T first = static_cast<T>(any_number(highest)), last = static_cast<T>(any_number(highest));
  if (any_bool()) last = first;
  range = Range<T>{std::min(first, last), std::max(first, last)};
}
template <class Address>
void any_address_range(std::optional<Range<Address>>& range) {
  if (!any_bool()) return;
  const auto first = any_address<Address>();
  const auto last = any_bool() ? first : any_address<Address>();
  range = Range<Address>{std::min(first, last), std::max(first, last)};
}

inline TrafficSelector any_selector() {
  const auto kind = any_number(2);
  if (kind == 0) return UnknownSelector{static_cast<std::uint8_t>(3 + any_number(252)), any_octets(0, 20)};
  const auto common = [](auto& selector) {
    any_address_range(selector.source), any_address_range(selector.destination), any_range(selector.spi);
    any_range(selector.source_port), any_range(selector.destination_port),
        any_range(selector.traffic_class, 63);
  };
  if (kind == 1) {
    TrafficSelector4 selector;
    common(selector), any_range(selector.protocol);
    return selector;
  }
  TrafficSelector6 selector;
  common(selector), any_range(selector.flow_label, 0xfffff), any_range(selector.next_header);
  return selector;
}

inline FlowSubOption any_sub_option() {
  const auto kind = any_number(2);
  if (kind == 0) {
    BindingReference reference{{any_integer<std::uint16_t>()}};
    while (any_bool() && reference.binding_ids.size() < 5)
      reference.binding_ids.push_back(any_integer<std::uint16_t>());
    return reference;
  }
  if (kind == 1) return TrafficSelectorSubOption{any_selector()};
  return UnknownSubOption{static_cast<std::uint8_t>(4 + any_number(251)), any_octets(0, 20)};
}

/// The visitor that fills an option's fields at random.
struct RandomFields {
  template <class T>
  void integer(std::string_view, T& value) {
    value = any_integer<T>();
  }
  void address(std::string_view, Ipv6Address& value) { value = any_address<Ipv6Address>(); }
  void address(std::string_view, Ipv4Address& value) { value = any_address<Ipv4Address>(); }
  void address(std::string_view name, std::variant<Ipv6Address, Ipv4Address>& value) {
    std::visit([&](auto& held) { address(name, held); }, value);
  }
  void family(std::uint8_t, std::uint8_t, std::variant<Ipv6Address, Ipv4Address>& value) {
    if (any_bool()) value = Ipv4Address{};
  }
  void degrees(std::string_view, std::int32_t& value) {
    value = static_cast<std::int32_t>(any_number((1U << 24) - 1)) - (1 << 23);
  }
  void counted_octets(std::string_view, Bytes& value) { value = any_octets(0, 40); }
  void octets(std::string_view, Bytes& value, std::size_t minimum) { value = any_octets(minimum, 40); }
  void flag(std::string_view, std::uint8_t, bool& value) { value = any_bool(); }
  void flag_and_7_bits(std::string_view, bool& flag, std::string_view, std::uint8_t& number) {
    flag = any_bool();
    number = static_cast<std::uint8_t>(any_number(127));
  }
  void top_bits(std::string_view, unsigned count, std::uint8_t& value) {
    value = static_cast<std::uint8_t>(any_number((1U << count) - 1));
  }
  template <class T>
  void integer_if_there(std::string_view, std::optional<T>& value) {
    if (any_bool()) value = any_integer<T>();
  }
  template <class Bits, class... Letters>
  void flags(Letters... letters) {
    ((letters.value = any_bool()), ...);
  }
  template <class Bits, class... Letters>
  void flags_and_others(Bits& others, Letters... letters) {
    flags<Bits>(letters...);
    others = static_cast<Bits>(any_integer<Bits>() & ~(letters.mask | ...));
  }
  void four_seconds(std::string_view, std::uint16_t& value) { value = any_integer<std::uint16_t>(); }
  void reserved(std::size_t) {}
  void numbers(std::string_view, std::vector<std::uint16_t>& values) {
    values.resize(1 + any_number(9));
    for (auto& value : values) value = any_integer<std::uint16_t>();
  }
  void care_of(std::string_view, std::variant<std::monostate, Ipv4Address, Ipv6Address>& value) {
    const auto kind = any_number(2);
    if (kind == 1) value = any_address<Ipv4Address>();
    if (kind == 2) value = any_address<Ipv6Address>();
  }
  void sub_options(std::string_view, std::vector<FlowSubOption>& values) {
    for (auto count = any_number(2); count > 0; --count) values.push_back(any_sub_option());
  }
  void sub_options(std::string_view, std::vector<AccessNetworkSubOption>& values);
};

/// The I-th alternative of a variant of sub-options.
template <std::size_t I = 0>
AccessNetworkSubOption any_access_network_sub_option(std::uint64_t which) {
  using T = std::variant_alternative_t<I, AccessNetworkSubOption>;
  if constexpr (std::is_same_v<T, UnknownSubOption>) {
    return UnknownSubOption{static_cast<std::uint8_t>(4 + any_number(251)), any_octets(0, 20)};
  } else {
    if (which != I) return any_access_network_sub_option<I + 1>(which);
    T value;
    RandomFields fields;
    T::fields(value, fields);
    return value;
  }
}
inline void RandomFields::sub_options(std::string_view, std::vector<AccessNetworkSubOption>& values) {
  for (auto count = any_number(2); count > 0; --count)
    values.push_back(any_access_network_sub_option(any_number(3)));
}

template <class T>
T any_option() {
  T option;
  if constexpr (std::is_same_v<T, UnknownOption>) {
    option = {static_cast<std::uint8_t>(100 + any_number(155)), any_octets(0, 40)};
  } else {
    RandomFields fields;
    T::fields(option, fields);
  }
  return option;
}

/// One option of each kind that `wanted` has a bit for.
template <std::size_t I = 0>
void any_options(std::uint64_t wanted, MobilityOptions& options) {
  if constexpr (I < std::variant_size_v<MobilityOption>) {
    if (wanted >> I & 1) options.push_back(any_option<std::variant_alternative_t<I, MobilityOption>>());
    any_options<I + 1>(wanted, options);
  }
}
inline MobilityOptions any_options() {
  MobilityOptions options;
  any_options(any_number(~std::uint64_t{0}), options);
  for (std::size_t i = options.size(); i > 1; --i) std::swap(options[i - 1], options[any_number(i - 1)]);
  return options;
}

template <std::size_t I = 0>
MobilityMessage any_message(std::uint64_t which) {
  using T = std::variant_alternative_t<I, MobilityMessage>;
  if constexpr (std::is_same_v<T, UnknownMessage>) {
    return UnknownMessage{static_cast<std::uint8_t>(24 + any_number(231)), any_octets(0, 8)};
  } else {
    if (which != I) return any_message<I + 1>(which);
    T message;
    RandomFields fields;
    T::fields(message, fields);
    message.options = any_options();
    return message;
  }
}
inline MobilityMessage any_message() {
  return any_message(any_number(std::variant_size_v<MobilityMessage> - 1));
}

}  // namespace flowmob::wire::test
