// SPDX-License-Identifier: Apache-2.0
#include "base/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace flowmob {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

Result<Ipv6Address> Ipv6Address::parse(std::string_view text) {
  Ipv6Address a;
  const std::string terminated(text);
  if (text.find('\0') != text.npos || inet_pton(AF_INET6, terminated.c_str(), a.octets.data()) != 1)
    return fail("bad-address", fmt::format("'{}' is not an IPv6 address", text));
  return a;
}

Ipv6Address Ipv6Address::from_bytes(ByteView bytes) {
  Ipv6Address a;
  std::copy_n(bytes.begin(), std::min(bytes.size(), a.octets.size()), a.octets.begin());
  return a;
}

bool Ipv6Address::is_loopback() const {
  Ipv6Address loopback;
  loopback.octets[15] = 1;
  return *this == loopback;
}

bool Ipv6Address::is_routable_unicast() const {
  return !is_unspecified() && !is_multicast() && !is_loopback() && !is_link_local();
}

std::string Ipv6Address::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return inet_ntop(AF_INET6, octets.data(), text.data(), text.size());
}

Result<Ipv4Address> Ipv4Address::parse(std::string_view text) {
  Ipv4Address a;
  if (inet_pton(AF_INET, std::string(text).c_str(), a.octets.data()) != 1)
    return fail("bad-address", fmt::format("'{}' is not an IPv4 address", text));
  return a;
}

std::string Ipv4Address::to_string() const {
  return fmt::format("{}.{}.{}.{}", octets[0], octets[1], octets[2], octets[3]);
}

Result<Ipv6Prefix> Ipv6Prefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  unsigned length = 0;
  if (slash == std::string_view::npos) return fail("bad-prefix", fmt::format("'{}' has no /length", text));
  const auto digits = text.substr(slash + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc{} || end != digits.data() + digits.size() || length > 128)
    return fail("bad-prefix", fmt::format("'{}' has no length from 0 to 128", text));
  auto address = Ipv6Address::parse(text.substr(0, slash));
  if (!address) return tl::unexpected(address.error());
  const auto prefix = truncated(*address, static_cast<std::uint8_t>(length));
  if (prefix.address != *address)
    return fail("bad-prefix", fmt::format("'{}' has bits set behind its length; did you mean {}?", text,
                                          prefix.to_string()));
  return prefix;
}

Ipv6Prefix Ipv6Prefix::truncated(Ipv6Address address, std::uint8_t length) {
  for (std::size_t i = 0; i < 16; ++i) {
    const int bits = std::clamp(static_cast<int>(length) - static_cast<int>(i) * 8, 0, 8);
    address.octets[i] = static_cast<std::uint8_t>(address.octets[i] & (0xff00 >> bits));
  }
  return {address, length};
}

bool Ipv6Prefix::contains(const Ipv6Address& a) const { return truncated(a, length).address == address; }

bool Ipv6Prefix::contains(const Ipv6Prefix& p) const { return p.length >= length && contains(p.address); }

Ipv6Address Ipv6Prefix::with_interface_id(std::uint64_t iid) const {
  Ipv6Address a = address;
  for (std::size_t i = 0; i < 8; ++i) a.octets[8 + i] = static_cast<std::uint8_t>(iid >> (56 - 8 * i));
  return a;
}

std::string Ipv6Prefix::to_string() const { return fmt::format("{}/{}", address.to_string(), length); }

Result<MacAddress> MacAddress::parse(std::string_view text) {
  MacAddress mac;
  const auto bad = [&] {
    return fail("bad-mac", fmt::format("'{}' is not a link-layer address like 02:00:00:00:00:01", text));
  };
  if (text.size() != 17) return bad();
  for (std::size_t i = 0; i < 6; ++i) {
    const int high = hex_digit(text[3 * i]);
    const int low = hex_digit(text[3 * i + 1]);
    if (high < 0 || low < 0 || (i < 5 && text[3 * i + 2] != ':' && text[3 * i + 2] != '-')) return bad();
    mac.octets[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return mac;
}

std::string MacAddress::to_string() const {
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", octets[0], octets[1], octets[2], octets[3],
                     octets[4], octets[5]);
}

std::uint64_t MacAddress::eui64_interface_id() const {
  const std::array<std::uint8_t, 8> id{static_cast<std::uint8_t>(octets[0] ^ 0x02),
                                       octets[1],
                                       octets[2],
                                       0xff,
                                       0xfe,
                                       octets[3],
                                       octets[4],
                                       octets[5]};
  std::uint64_t value = 0;
  for (const auto octet : id) value = value << 8 | octet;
  return value;
}

std::string to_hex(ByteView bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const auto b : bytes) fmt::format_to(std::back_inserter(text), "{:02x}", b);
  return text;
}

Result<Bytes> from_hex(std::string_view text) {
  Bytes bytes;
  int high = -1;
  for (const char c : text) {
    if (c == ':' || std::isspace(static_cast<unsigned char>(c))) continue;
    const int digit = hex_digit(c);
    if (digit < 0) return fail("bad-hex", fmt::format("'{}' is not a hexadecimal digit", c));
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<std::uint8_t>(high * 16 + digit));
      high = -1;
    }
  }
  if (high >= 0) return fail("bad-hex", "an odd number of hexadecimal digits");
  return bytes;
}

namespace detail {
std::size_t hash_octets(ByteView bytes) noexcept {
  std::uint64_t h = 0xcbf29ce484222325ULL;
  for (const auto b : bytes) h = (h ^ b) * 0x100000001b3ULL;
  return h;
}
}  // namespace detail

}  // namespace flowmob
