// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"

namespace flowmob::capture {

/// The blocks of a pcapng file (draft-ietf-opsawg-pcapng), in this machine's byte order, which readers are
/// told. A file is: section_block(), and before the first packet of an interface its interface_block(), which
/// numbers it from 0; at the end perhaps a statistics_block() for each. Whatever is written is a whole file.
namespace pcapng {

/// `application` wrote it.
Bytes section_block(std::string_view application);

/// Of packets without a link-layer header, with times in nanoseconds.
Bytes interface_block(std::string_view name, std::string_view description, std::uint32_t snaplen);

enum class Direction : std::uint32_t { Unknown = 0, Inbound = 1, Outbound = 2 };

struct Packet {
  std::uint32_t interface {};
  WallTime time;           ///< from 1970 on
  std::uint32_t length{};  ///< on the wire; `octets` may be fewer
  ByteView octets;
  Direction direction = Direction::Unknown;
  std::string comment{};
};
Bytes packet_block(const Packet& packet);

/// How many packets were received by the interface, and how many of them are not in the file.
Bytes statistics_block(std::uint32_t interface, WallTime time, std::uint64_t received, std::uint64_t dropped);

}  // namespace pcapng
}  // namespace flowmob::capture
