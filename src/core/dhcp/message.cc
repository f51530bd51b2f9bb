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
  message.options.erase(overload);
  if (which & 1) message.boot_file.clear();
  if (which & 2) message.server_name.clear();
  const bool is_read =
      (!(which & 1) || read_options(octets.subspan(kFile, kFixed - kFile), message.options)) &&
      (!(which & 2) || read_options(octets.subspan(kServerName, kFile - kServerName), message.options));
  message.options.erase(option::kOverload);  // said again there it means nothing
  return is_read;
}

/// One that is too long for its length stands several times (RFC 3396).
void append_option(Bytes& bytes, std::uint8_t code, ByteView value) {
  constexpr std::size_t kLongest = 255;
  do {
    const ByteView part = value.first(std::min(value.size(), kLongest));
    bytes.push_back(code);
    bytes.push_back(static_cast<std::uint8_t>(part.size()));
    append(bytes, part);
    value = value.subspan(part.size());
  } while (!value.empty());
}

void append_field(Bytes& bytes, Bytes field, std::size_t size) {
  field.resize(size);
  append(bytes, field);
}

/// Names end with a zero; the field may be full.
Bytes name_at(ByteView octets, std::size_t at, std::size_t size) {
  const ByteView field = octets.subspan(at, size);
  return {field.begin(), std::ranges::find(field, std::uint8_t{0})};
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
  message.hops = octets[3];
  message.transaction = number_at(octets, 4);
  message.seconds = static_cast<std::uint16_t>(octets[8] << 8 | octets[9]);
  message.broadcast = (octets[10] & kBroadcastFlag) != 0;
  message.client = address_at(octets, 12);
  message.yours = address_at(octets, 16);
  message.next = address_at(octets, 20);
  message.relay = address_at(octets, 24);
  const ByteView hardware = octets.subspan(kHardwareAddress, kHardwareOctets);
  message.hardware_address.assign(hardware.begin(), hardware.end());
  message.server_name = name_at(octets, kServerName, kFile - kServerName);
  message.boot_file = name_at(octets, kFile, kFixed - kFile);
  if (!read_options(octets.subspan(kFixed + kCookie.size()), message.options)) return std::nullopt;
  if (!read_overloaded(octets, message)) return std::nullopt;
  return message;
}

Bytes encode(const Message& message) {
  Bytes bytes{static_cast<std::uint8_t>(message.reply ? 2 : 1), message.hardware_type,
              message.hardware_length, message.hops};
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<std::uint8_t>(message.transaction >> shift));
  append(bytes,
         Bytes{static_cast<std::uint8_t>(message.seconds >> 8), static_cast<std::uint8_t>(message.seconds),
               message.broadcast ? kBroadcastFlag : std::uint8_t{0}, 0});
  for (const Ipv4Address& address : {message.client, message.yours, message.next, message.relay})
    append(bytes, address.octets);
  append_field(bytes, message.hardware_address, kHardwareOctets);
  append_field(bytes, message.server_name, kFile - kServerName);
  append_field(bytes, message.boot_file, kFixed - kFile);
  append(bytes, kCookie);
  const auto put = [&](std::uint8_t code) {
    const auto found = message.options.find(code);
    if (found != message.options.end()) append_option(bytes, code, found->second);
  };
  put(option::kMessageType);  // first, by custom
  for (const auto& [code, value] : message.options)
    if (code != option::kMessageType && code != option::kAgentInformation) append_option(bytes, code, value);
  put(option::kAgentInformation);
  bytes.push_back(option::kEnd);
  if (bytes.size() < kShortest) bytes.resize(kShortest);
  return bytes;
}

}  // namespace flowmob::core::dhcp
