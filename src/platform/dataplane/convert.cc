// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/convert.h"

#include <algorithm>
#include <optional>

#include "base/ipv4.h"

namespace flowmob::dataplane {
namespace {

constexpr std::uint8_t kShortestPrefix = 56;  // 256 keys

std::uint64_t read_half(const Ipv6Address& address, std::size_t first) {
  std::uint64_t value = 0;
  for (std::size_t i = first; i < first + 8; ++i) value = value << 8 | address.octets[i];
  return value;
}

void write_half(Ipv6Address& address, std::size_t first, std::uint64_t value) {
  for (std::size_t i = 0; i < 8; ++i)
    address.octets[first + i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
}

/// Copies a range where there is one, and says so in the rule's fields.
template <class T, class Row, class Convert>
void put(fm_rule& rule, std::uint32_t field, Row (&row)[2], const std::optional<wire::Range<T>>& range,
         Convert convert) {
  if (!range) return;
  rule.fields |= field;
  row[0] = convert(range->first);
  row[1] = convert(range->last);
}

template <class T>
T same(const T& value) {
  return value;
}

}  // namespace

fm_address to_row(const Ipv6Address& address) {
  fm_address row{};
  if (!is_mapped(address)) {
    std::ranges::copy(address.octets, row.octets);
    return row;
  }
  row.octets[2] = row.octets[3] = 0xff;
  std::ranges::copy(from_mapped(address).octets, row.octets + 4);
  return row;
}

fm_shim to_row(core::Encapsulation encapsulation, std::uint32_t key) {
  switch (encapsulation) {
    case core::Encapsulation::Plain:
      return {0, 0};
    case core::Encapsulation::Gre:
      return {FM_SHIM_GRE, 0};
    case core::Encapsulation::GreWithKeys:
      return {FM_SHIM_GRE | FM_SHIM_KEYS, key};
    case core::Encapsulation::Udp:
      return {FM_SHIM_UDP, 0};
  }
  return {0, 0};
}

fm_mac to_row(const MacAddress& mac) {
  fm_mac row{};
  std::ranges::copy(mac.octets, row.octets);
  return row;
}

fm_address_number to_number(const Ipv6Address& address) {
  if (is_mapped(address)) return {FM_IPV4_KEY(to_number(from_mapped(address))), 0};
  return {read_half(address, 0), read_half(address, 8)};
}

Ipv6Address from_number(const fm_address_number& number) {
  Ipv6Address address;
  if (number.high >> 32 == 0xffff && number.low == 0) {
    write_half(address, 8, number.high);
    return address;
  }
  write_half(address, 0, number.high);
  write_half(address, 8, number.low);
  return address;
}

Result<std::uint64_t> prefix_key(const Ipv6Prefix& prefix) {
  if (prefix.length != 64)
    return fail("bad-prefix", prefix.to_string() + ": home network prefixes have 64 bits");
  return read_half(prefix.address, 0);
}

Result<std::vector<std::uint64_t>> address_keys(const std::vector<Ipv6Prefix>& prefixes,
                                                const std::optional<Ipv4Address>& ipv4) {
  std::vector<std::uint64_t> keys;
  for (const auto& prefix : prefixes) {
    if (prefix.length < kShortestPrefix || prefix.length > 64)
      return fail("bad-prefix", prefix.to_string() + ": prefixes have 56 to 64 bits");
    const std::uint64_t first = read_half(prefix.address, 0);
    for (std::uint64_t number = 0; number < std::uint64_t{1} << (64 - prefix.length); ++number)
      keys.push_back(first | number);
  }
  if (ipv4) keys.push_back(FM_IPV4_KEY(to_number(*ipv4)));
  return keys;
}

Result<fm_rule> to_rule(const wire::TrafficSelector6& selector) {
  if (!wire::is_valid(selector)) return fail("bad-selector", "a range ends before it starts, or is too wide");
  fm_rule rule{};
  put(rule, FM_RULE_SOURCE, rule.source, selector.source, to_number);
  put(rule, FM_RULE_DESTINATION, rule.destination, selector.destination, to_number);
  put(rule, FM_RULE_SPI, rule.spi, selector.spi, same<std::uint32_t>);
  put(rule, FM_RULE_FLOW_LABEL, rule.flow_label, selector.flow_label, same<std::uint32_t>);
  put(rule, FM_RULE_SOURCE_PORT, rule.source_port, selector.source_port, same<std::uint16_t>);
  put(rule, FM_RULE_DESTINATION_PORT, rule.destination_port, selector.destination_port, same<std::uint16_t>);
  put(rule, FM_RULE_DS, rule.ds, selector.traffic_class, same<std::uint8_t>);
  put(rule, FM_RULE_PROTOCOL, rule.protocol, selector.next_header, same<std::uint8_t>);
  return rule;
}

}  // namespace flowmob::dataplane
