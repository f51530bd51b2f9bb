// SPDX-License-Identifier: Apache-2.0
#include "core/flow/flow_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace flowmob::core {
namespace {

struct KnownProtocol {
  std::string_view name;
  std::uint8_t number;
  bool has_ports;
};
constexpr std::array kKnownProtocols{KnownProtocol{"icmp", 1, false},    KnownProtocol{"tcp", 6, true},
                                     KnownProtocol{"udp", 17, true},     KnownProtocol{"dccp", 33, true},
                                     KnownProtocol{"esp", 50, false},    KnownProtocol{"ah", 51, false},
                                     KnownProtocol{"sctp", 132, true},   KnownProtocol{"icmpv6", 58, false},
                                     KnownProtocol{"udplite", 136, true}};

template <class T>
std::optional<T> number_in(std::string_view text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && rest == end ? std::optional(value) : std::nullopt;
}

std::optional<std::uint8_t> protocol_in(std::string_view text) {
  const auto* known = std::ranges::find(kKnownProtocols, text, &KnownProtocol::name);
  return known == kKnownProtocols.end() ? number_in<std::uint8_t>(text) : std::optional(known->number);
}

bool has_ports(std::uint8_t protocol) {
  const auto* known = std::ranges::find(kKnownProtocols, protocol, &KnownProtocol::number);
  return known != kKnownProtocols.end() && known->has_ports;
}

std::optional<Ipv6Address> address_in(std::string_view text) {
  if (const auto ipv4 = Ipv4Address::parse(text)) return to_mapped(*ipv4);
  const auto ipv6 = Ipv6Address::parse(text);
  return ipv6 ? std::optional(*ipv6) : std::nullopt;
}

std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto comma = text.find(',');
    parts.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

tl::unexpected<Error> bad_flow(std::string_view text, const char* why) {
  return fail("bad-flow", fmt::format("'{}': {}; expected PROTOCOL,SOURCE,PORT,DESTINATION,PORT such as "
                                      "udp,2001:db8:c::10,5004,2001:db8:100::10,4000, or "
                                      "PROTOCOL,SOURCE,DESTINATION where there are no ports",
                                      text, why));
}

/// IPv4 has numbers that no selector's IPv6 address range means by itself: they are compared as the data
/// plane has them, 0:ffff:a.b.c.d:: (src/dataplane/abi/types.h).
Ipv6Address as_compared(const Ipv6Address& address) {
  if (!is_mapped(address)) return address;
  Ipv6Address number;
  number.octets[2] = number.octets[3] = 0xff;
  std::ranges::copy(from_mapped(address).octets, number.octets.begin() + 4);
  return number;
}

/// A range of IPv4 addresses, IPv4-mapped at both ends, is one of such numbers.
bool contains(const wire::Range<Ipv6Address>& range, const Ipv6Address& address) {
  return wire::Range<Ipv6Address>{as_compared(range.first), as_compared(range.last)}.contains(
      as_compared(address));
}

template <class T>
bool lies_in(const std::optional<wire::Range<T>>& range, const std::optional<T>& value) {
  return !range || (value && range->contains(*value));
}

}  // namespace

Result<FlowKey> parse_flow_key(std::string_view text) {
  const auto parts = parts_of(text);
  const bool with_ports = parts.size() == 5;
  if (!with_ports && parts.size() != 3) return bad_flow(text, "neither three nor five parts");
  FlowKey key;
  const auto protocol = protocol_in(parts[0]);
  const auto source = address_in(parts[1]), destination = address_in(parts[with_ports ? 3 : 2]);
  if (!protocol) return bad_flow(text, "no protocol");
  if (!source || !destination) return bad_flow(text, "no address");
  if (is_mapped(*source) != is_mapped(*destination)) return bad_flow(text, "addresses of two families");
  if (with_ports != has_ports(*protocol))
    return bad_flow(text, with_ports ? "this protocol has no ports" : "this protocol has ports");
  key.protocol = *protocol;
  key.source = *source;
  key.destination = *destination;
  if (!is_mapped(*source)) key.flow_label = 0;
  if (!with_ports) return key;
  const auto from = number_in<std::uint16_t>(parts[2]), to = number_in<std::uint16_t>(parts[4]);
  if (!from || !to) return bad_flow(text, "no port");
  key.ports = FlowKey::Ports{*from, *to};
  return key;
}

std::string to_string(const FlowKey& key) {
  const auto* known = std::ranges::find(kKnownProtocols, key.protocol, &KnownProtocol::number);
  const std::string protocol =
      known == kKnownProtocols.end() ? std::to_string(key.protocol) : std::string(known->name);
  if (!key.ports) return fmt::format("{},{},{}", protocol, written(key.source), written(key.destination));
  return fmt::format("{},{},{},{},{}", protocol, written(key.source), key.ports->source,
                     written(key.destination), key.ports->destination);
}

std::optional<std::string_view> first_mismatch(const wire::TrafficSelector6& s, const FlowKey& key) {
  const auto port = [&](auto member) {
    return key.ports ? std::optional((*key.ports).*member) : std::nullopt;
  };
  if (s.source && !contains(*s.source, key.source)) return "source";
  if (s.destination && !contains(*s.destination, key.destination)) return "destination";
  if (!lies_in(s.spi, key.spi)) return "spi";
  if (!lies_in(s.flow_label, key.flow_label)) return "flow_label";
  if (!lies_in(s.source_port, port(&FlowKey::Ports::source))) return "source_port";
  if (!lies_in(s.destination_port, port(&FlowKey::Ports::destination))) return "destination_port";
  if (s.traffic_class && !s.traffic_class->contains(key.ds)) return "traffic_class";
  if (s.next_header && !s.next_header->contains(key.protocol)) return "next_header";
  return std::nullopt;
}

namespace {

/// Nothing if it was not given.
Result<std::optional<std::uint32_t>> number_from(const Json& arguments, const char* name,
                                                 std::uint32_t most) {
  const auto found = arguments.find(name);
  if (found == arguments.end()) return std::optional<std::uint32_t>();
  const auto number = found->get<std::int64_t>();
  if (number < 0 || number > most) return fail("bad-argument", fmt::format("{} is from 0 to {}", name, most));
  return std::optional(static_cast<std::uint32_t>(number));
}

}  // namespace

Result<FlowKey> flow_key_of(const Json& arguments) {
  auto key = parse_flow_key(arguments.at("flow").get_ref<const std::string&>());
  const auto ds = number_from(arguments, "dscp", 63), spi = number_from(arguments, "spi", 0xffffffff),
             label = number_from(arguments, "flow_label", 0xfffff);
  for (const auto* number : {&ds, &spi, &label})
    if (!*number) return tl::unexpected(number->error());
  if (!key) return key;
  if (*label && !key->flow_label) return fail("bad-argument", "IPv4 has no flow label");
  if (*label) key->flow_label = *label;
  key->spi = *spi;
  key->ds = static_cast<std::uint8_t>(ds->value_or(0));
  return key;
}

/// A range that neither begins in a prefix nor holds its first address has none of it.
bool has_some_of(const wire::Range<Ipv6Address>& range, const Ipv6Prefix& prefix) {
  return prefix.contains(range.first) || range.contains(prefix.address);
}

}  // namespace flowmob::core
