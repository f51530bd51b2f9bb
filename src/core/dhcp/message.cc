// SPDX-License-Identifier: Apache-2.0
#include "core/dhcp/message.h"

#include <algorithm>
#include <array>

namespace flowmob::core::dhcp {
namespace {

constexpr std::size_t kFixed = 236, kHardwareAddress = 28, kHardwareOctets = 16, kServerName = 44,
                      kFile = 108;
constexpr std::array<std::uint8_t, 4> kCookie{99, 130, 83, 99};
constexpr std::size_t kShortest = 300;
constexpr std::uint8_t kBroadcastFlag = 0x80;

Ipv4Address address_at(ByteView octets, std::size_t at) {
  Ipv4Address address;
  std::copy_n(octets.begin() + static_cast<std::ptrdiff_t>(at), 4, address.octets.begin());
  return address;
}

std::uint32_t number_at(ByteView octets, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | octets[at + i];
  return number;
}

/// False: an option that is longer than what is left.
bool read_options(ByteView octets, std::map<std::uint8_t, Bytes>& options) {
  for (std::size_t at = 0; at < octets.size() && octets[at] != option::kEnd;) {
    const std::uint8_t code = octets[at++];
    if (code == option::kPad) continue;
    if (at == octets.size()) return false;
    const std::size_t length = octets[at++];
    if (length > octets.size() - at) return false;
    const ByteView value = octets.subspan(at, length);
    auto& held = options[code];
    held.insert(held.end(), value.begin(), value.end());
    at += length;
  }
  return true;
}

/// Options may go on in the fields that BOOTP had for names (RFC 2132 section 9.3).
bool read_overloaded(ByteView octets, Message& message) {
  const auto overload = message.options.find(option::kOverload);
  if (overload == message.options.end() || overload->second.empty()) return true;
  const unsigned which = overload->second.front();
  if ((which & 1) && !read_options(octets.subspan(kFile, kFixed - kFile), message.options)) return false;
  return !(which & 2) || read_options(octets.subspan(kServerName, kFile - kServerName), message.options);
}

void append_option(Bytes& bytes, std::uint8_t code, const Bytes& value) {
  bytes.push_back(code);
  bytes.push_back(static_cast<std::uint8_t>(value.size()));
  append(bytes, value);
}

}  // namespace

std::optional<Type> Message::type() const {
  const auto found = options.find(option::kMessageType);
  if (found == options.end() || found->second.size() != 1) return std::nullopt;
  const std::uint8_t type = found->second.front();
  if (type < static_cast<std::uint8_t>(Type::Discover) || type > static_cast<std::uint8_t>(Type::Inform))
    return std::nullopt;
  return static_cast<Type>(type);
}

std::optional<Ipv4Address> Message::address_option(std::uint8_t code) const {
  const auto found = options.find(code);
  if (found == options.end() || found->second.size() != 4) return std::nullopt;
  return address_at(found->second, 0);
}

void Message::set(std::uint8_t code, const Ipv4Address& address) {
  options[code] = Bytes(address.octets.begin(), address.octets.end());
}

void Message::set(std::uint8_t code, std::uint32_t value) {
  options[code] = {static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
                   static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

std::optional<Message> decode(ByteView octets) {
  if (octets.size() < kFixed + kCookie.size()) return std::nullopt;
  if (!std::ranges::equal(octets.subspan(kFixed, kCookie.size()), kCookie)) return std::nullopt;
  if (octets[0] != 1 && octets[0] != 2) return std::nullopt;
  if (octets[2] > kHardwareOctets) return std::nullopt;
  Message message;
  message.reply = octets[0] == 2;
  message.hardware_type = octets[1];
  message.hardware_length = octets[2];
  message.transaction = number_at(octets, 4);
  message.broadcast = (octets[10] & kBroadcastFlag) != 0;
  message.client = address_at(octets, 12);
  message.yours = address_at(octets, 16);
  message.relay = address_at(octets, 24);
  const ByteView hardware = octets.subspan(kHardwareAddress, kHardwareOctets);
  message.hardware_address.assign(hardware.begin(), hardware.end());
  if (!read_options(octets.subspan(kFixed + kCookie.size()), message.options)) return std::nullopt;
  if (!read_overloaded(octets, message)) return std::nullopt;
  return message;
}

Bytes encode(const Message& message) {
  Bytes bytes{static_cast<std::uint8_t>(message.reply ? 2 : 1), message.hardware_type,
              message.hardware_length, 0};
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<std::uint8_t>(message.transaction >> shift));
  append(bytes, Bytes{0, 0, message.broadcast ? kBroadcastFlag : std::uint8_t{0}, 0});
  append(bytes, message.client.octets);
  append(bytes, message.yours.octets);
  append(bytes, Ipv4Address{}.octets);  // siaddr
  append(bytes, message.relay.octets);
  Bytes hardware = message.hardware_address;
  hardware.resize(kHardwareOctets);
  append(bytes, hardware);
  bytes.resize(kFixed);  // no names
  append(bytes, kCookie);
  const auto type = message.options.find(option::kMessageType);
  if (type != message.options.end()) append_option(bytes, type->first, type->second);  // first, by custom
  for (const auto& [code, value] : message.options)
    if (code != option::kMessageType) append_option(bytes, code, value);
  bytes.push_back(option::kEnd);
  if (bytes.size() < kShortest) bytes.resize(kShortest);
  return bytes;
}

}  // namespace flowmob::core::dhcp
