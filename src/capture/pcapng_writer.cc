// SPDX-License-Identifier: Apache-2.0
#include "capture/pcapng_writer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

namespace flowmob::capture::pcapng {
namespace {

// Section numbers are those of draft-ietf-opsawg-pcapng.
constexpr std::uint32_t kSection = 0x0a0d0d0a, kInterface = 1, kStatistics = 5, kEnhancedPacket = 6;
constexpr std::uint32_t kByteOrder = 0x1a2b3c4d;
constexpr std::uint16_t kLinkTypeRaw = 101;
constexpr std::uint16_t kEndOfOptions = 0, kComment = 1, kUserApplication = 4, kName = 2, kDescription = 3,
                        kTimeResolution = 9, kFlags = 2, kReceived = 4, kDropped = 5;
constexpr std::uint8_t kNanoseconds = 9;

template <class T>
void put(Bytes& out, T value) {
  std::array<std::uint8_t, sizeof(T)> octets{};
  std::memcpy(octets.data(), &value, sizeof value);
  append(out, octets);
}

/// To a multiple of 32 bits (section 3.1).
void pad(Bytes& out) { out.resize((out.size() + 3) / 4 * 4); }

/// Section 3.5. What is longer than its length can say is cut off.
void put_option(Bytes& out, std::uint16_t code, ByteView value) {
  const auto length = std::min<std::size_t>(value.size(), std::numeric_limits<std::uint16_t>::max());
  put(out, code);
  put(out, static_cast<std::uint16_t>(length));
  append(out, value.first(length));
  pad(out);
}

void put_option(Bytes& out, std::uint16_t code, std::string_view text) {
  if (!text.empty())
    put_option(out, code, ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

template <class T>
void put_number_option(Bytes& out, std::uint16_t code, T number) {
  Bytes value;
  put(value, number);
  put_option(out, code, ByteView(value));
}

void end_options(Bytes& out) {
  put(out, kEndOfOptions);
  put(out, std::uint16_t{0});
}

/// Section 3.1: its type, its length, what is in it, its length.
Bytes block(std::uint32_t type, const Bytes& body) {
  const auto length = static_cast<std::uint32_t>(body.size() + 12);
  Bytes out;
  put(out, type);
  put(out, length);
  append(out, body);
  put(out, length);
  return out;
}

/// The upper half first.
void put_time(Bytes& out, WallTime time) {
  const auto since = static_cast<std::uint64_t>(time.time_since_epoch().count());
  put(out, static_cast<std::uint32_t>(since >> 32));
  put(out, static_cast<std::uint32_t>(since));
}

}  // namespace

Bytes section_block(std::string_view application) {
  Bytes body;
  put(body, kByteOrder);
  put(body, std::uint16_t{1});
  put(body, std::uint16_t{0});
  put(body, std::int64_t{-1});  // how long it is nobody knows yet
  put_option(body, kUserApplication, application);
  end_options(body);
  return block(kSection, body);
}

Bytes interface_block(std::string_view name, std::string_view description, std::uint32_t snaplen) {
  Bytes body;
  put(body, kLinkTypeRaw);
  put(body, std::uint16_t{0});
  put(body, snaplen);
  put_option(body, kName, name);
  put_option(body, kDescription, description);
  put_number_option(body, kTimeResolution, kNanoseconds);
  end_options(body);
  return block(kInterface, body);
}

Bytes packet_block(const Packet& packet) {
  Bytes body;
  put(body, packet.interface);
  put_time(body, packet.time);
  put(body, static_cast<std::uint32_t>(packet.octets.size()));
  put(body, packet.length);
  append(body, packet.octets);
  pad(body);
  put_option(body, kComment, packet.comment);
  if (packet.direction != Direction::Unknown)
    put_number_option(body, kFlags, static_cast<std::uint32_t>(packet.direction));
  end_options(body);
  return block(kEnhancedPacket, body);
}

Bytes statistics_block(std::uint32_t interface, WallTime time, std::uint64_t received,
                       std::uint64_t dropped) {
  Bytes body;
  put(body, interface);
  put_time(body, time);
  put_number_option(body, kReceived, received);
  put_number_option(body, kDropped, dropped);
  end_options(body);
  return block(kStatistics, body);
}

}  // namespace flowmob::capture::pcapng
