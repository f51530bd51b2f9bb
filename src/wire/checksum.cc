// SPDX-License-Identifier: Apache-2.0
#include "wire/checksum.h"

namespace flowmob::wire {
namespace {

std::uint64_t sum(ByteView bytes) {
  std::uint64_t total = 0;
  std::size_t i = 0;
  for (; i + 1 < bytes.size(); i += 2) total += static_cast<std::uint64_t>(bytes[i] << 8 | bytes[i + 1]);
  if (i < bytes.size()) total += static_cast<std::uint64_t>(bytes[i] << 8);
  return total;
}

}  // namespace

std::uint16_t ipv6_checksum(const Ipv6Address& source, const Ipv6Address& destination,
                            std::uint8_t next_header, ByteView payload) {
  std::uint64_t total = sum(source.octets) + sum(destination.octets) + sum(payload) + next_header;
  total += (payload.size() >> 16) + (payload.size() & 0xffff);
  while (total >> 16) total = (total & 0xffff) + (total >> 16);
  return static_cast<std::uint16_t>(~total);
}

}  // namespace flowmob::wire
