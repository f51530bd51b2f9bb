// SPDX-License-Identifier: Apache-2.0
#include "base/ipv4.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace flowmob {
namespace {

constexpr std::uint8_t kBits = 32;

std::uint32_t mask_number(std::uint8_t length) {
  return length == 0 ? 0 : ~std::uint32_t{0} << (kBits - length);
}

}  // namespace

std::uint32_t to_number(const Ipv4Address& address) {
  std::uint32_t number = 0;
  for (const auto octet : address.octets) number = number << 8 | octet;
  return number;
}

Ipv4Address to_ipv4(std::uint32_t number) {
  Ipv4Address address;
  for (std::size_t i = 0; i < 4; ++i) address.octets[i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  return address;
}

bool is_mapped(const Ipv6Address& address) { return to_mapped(from_mapped(address)) == address; }

Ipv6Address to_mapped(const Ipv4Address& address) {
  Ipv6Address mapped;
  mapped.octets[10] = mapped.octets[11] = 0xff;
  std::ranges::copy(address.octets, mapped.octets.begin() + 12);
  return mapped;
}

Ipv4Address from_mapped(const Ipv6Address& address) {
  Ipv4Address plain;
  std::copy(address.octets.begin() + 12, address.octets.end(), plain.octets.begin());
  return plain;
}

std::string written(const Ipv6Address& address) {
  return is_mapped(address) ? from_mapped(address).to_string() : address.to_string();
}

Result<Ipv4Interface> Ipv4Interface::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return fail("bad-prefix", fmt::format("'{}' has no /length", text));
  const auto digits = text.substr(slash + 1);
  unsigned length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc{} || end != digits.data() + digits.size() || length > kBits)
    return fail("bad-prefix", fmt::format("'{}' has no length from 0 to 32", text));
  const auto address = Ipv4Address::parse(text.substr(0, slash));
  if (!address) return tl::unexpected(address.error());
  return Ipv4Interface{*address, static_cast<std::uint8_t>(length)};
}

Ipv4Address Ipv4Interface::mask() const { return to_ipv4(mask_number(length)); }
Ipv4Address Ipv4Interface::first() const { return to_ipv4(to_number(address) & mask_number(length)); }
Ipv4Address Ipv4Interface::last() const { return to_ipv4(to_number(address) | ~mask_number(length)); }

bool Ipv4Interface::contains(const Ipv4Address& a) const {
  return (to_number(a) & mask_number(length)) == to_number(first());
}

bool Ipv4Interface::overlaps(const Ipv4Interface& other) const {
  return contains(other.first()) || other.contains(first());
}

std::string Ipv4Interface::to_string() const { return fmt::format("{}/{}", address.to_string(), length); }

}  // namespace flowmob
