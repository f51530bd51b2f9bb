// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/protocol_values.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace flowmob::daemon::config {
namespace {

struct ProtocolName {
  std::string_view name;
  std::uint8_t number;
};
constexpr std::array kProtocols{
    ProtocolName{"tcp", 6},     ProtocolName{"udp", 17},   ProtocolName{"dccp", 33}, ProtocolName{"esp", 50},
    ProtocolName{"icmpv6", 58}, ProtocolName{"sctp", 132}, ProtocolName{"icmp", 1},
};

constexpr double kUnitsPerDegree = 32768;  // RFC 6757 section 3.1.2

std::optional<std::int32_t> parse_degrees(std::string_view text, double most) {
  if (text.find_first_not_of("-.0123456789") != std::string_view::npos) return std::nullopt;
  double degrees = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), degrees);
  if (error != std::errc{} || end != text.data() + text.size() || !(std::abs(degrees) <= most))
    return std::nullopt;
  return static_cast<std::int32_t>(std::lround(degrees * kUnitsPerDegree));
}

}  // namespace

std::span<const Word<wire::AccessTechnology>> Words<wire::AccessTechnology>::all() {
  constexpr auto kLast = static_cast<std::uint8_t>(wire::AccessTechnology::NbIot);
  // Words are views of the names.
  static const auto names = [] {
    std::vector<std::string> made;
    for (std::uint8_t value = 1; value <= kLast; ++value)
      made.push_back(wire::to_string(static_cast<wire::AccessTechnology>(value)));
    return made;
  }();
  static const auto words = [] {
    std::vector<Word<wire::AccessTechnology>> made;
    for (std::uint8_t value = 1; value <= kLast; ++value)
      made.push_back({names[value - 1u], static_cast<wire::AccessTechnology>(value)});
    return made;
  }();
  return words;
}

std::optional<InterfaceMac> ValueType<InterfaceMac>::convert(const Node& node) {
  const auto* text = node.as<std::string>();
  if (text == nullptr) return std::nullopt;
  if (*text == "member") return InterfaceMac{};
  const auto address = MacAddress::parse(*text);
  if (!address || address->is_zero() || (address->octets[0] & 1) != 0) return std::nullopt;
  return InterfaceMac{*address};
}

std::string ValueType<InterfaceMac>::print(const InterfaceMac& value) {
  return value.address.is_zero() ? "\"member\"" : fmt::format("\"{}\"", value.address.to_string());
}

/// Degrees, without exponents and the like; nothing for what lies beyond the poles.
std::optional<wire::GeoLocation> GeoLocationTraits::parse(std::string_view text) {
  const auto comma = text.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const auto latitude = parse_degrees(text.substr(0, comma), 90);
  const auto longitude = parse_degrees(text.substr(comma + 1), 180);
  if (!latitude || !longitude) return std::nullopt;
  return wire::GeoLocation{*latitude, *longitude};
}

std::string GeoLocationTraits::unparse(const wire::GeoLocation& value) {
  return fmt::format("{:.5f},{:.5f}", value.latitude / kUnitsPerDegree, value.longitude / kUnitsPerDegree);
}

std::string ValueType<NextHeader>::expected() {
  std::string names;
  for (const ProtocolName& protocol : kProtocols) names += fmt::format("\"{}\", ", protocol.name);
  return names + "or a number from 0 to 255";
}

std::optional<NextHeader> ValueType<NextHeader>::convert(const Node& node) {
  if (const auto number = ValueType<std::uint8_t>::convert(node)) return NextHeader{*number};
  const auto* text = node.as<std::string>();
  const auto known = std::ranges::find_if(
      kProtocols, [&](const ProtocolName& protocol) { return text != nullptr && protocol.name == *text; });
  return known == kProtocols.end() ? std::nullopt : std::optional(NextHeader{known->number});
}

std::string ValueType<NextHeader>::print(const NextHeader& value) { return fmt::format("{}", value.number); }

std::optional<Ipv6Address> parse_any_address(std::string_view text) {
  if (const auto ipv4 = Ipv4Address::parse(text)) return to_mapped(*ipv4);
  const auto ipv6 = Ipv6Address::parse(text);
  return ipv6 ? std::optional(*ipv6) : std::nullopt;
}

wire::Range<Ipv6Address> range_of(const Ipv6Prefix& prefix) {
  Ipv6Address last = prefix.address;
  for (std::size_t bit = prefix.length; bit < 128; ++bit)
    last.octets[bit / 8] = static_cast<std::uint8_t>(last.octets[bit / 8] | (0x80u >> (bit % 8)));
  return {prefix.address, last};
}

std::optional<Ipv6Prefix> parse_any_prefix(std::string_view text) {
  if (const auto prefix = Ipv6Prefix::parse(text)) {
    const auto range = range_of(*prefix);
    return is_mapped(range.first) == is_mapped(range.last) ? std::optional(*prefix) : std::nullopt;
  }
  const auto ipv4 = Ipv4Interface::parse(text);
  if (!ipv4 || ipv4->address != ipv4->first()) return std::nullopt;
  return Ipv6Prefix{to_mapped(ipv4->address), static_cast<std::uint8_t>(96 + ipv4->length)};
}

std::optional<wire::Range<Ipv6Address>> ValueType<wire::Range<Ipv6Address>>::convert(const Node& node) {
  const auto* text = node.as<std::string>();
  if (text == nullptr) return std::nullopt;
  if (const auto prefix = parse_any_prefix(*text)) return range_of(*prefix);
  const auto dash = text->find('-');
  const auto first = parse_any_address(std::string_view(*text).substr(0, dash));
  const auto last =
      dash == std::string::npos ? first : parse_any_address(std::string_view(*text).substr(dash + 1));
  if (!first || !last || *last < *first || is_mapped(*first) != is_mapped(*last)) return std::nullopt;
  return wire::Range<Ipv6Address>{*first, *last};
}

std::string ValueType<wire::Range<Ipv6Address>>::print(const wire::Range<Ipv6Address>& value) {
  return fmt::format("\"{}-{}\"", value.first.to_string(), value.last.to_string());
}

}  // namespace flowmob::daemon::config
