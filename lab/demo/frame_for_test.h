// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string_view>

#include "base/address.h"
#include "base/bytes.h"

namespace flowmob::lab::test {

inline void put(Bytes& out, std::uint64_t value, int octets) {
  for (int shift = (octets - 1) * 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(value >> shift));
}

inline Bytes join(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

/// An IPv6 packet; its payload length may claim more than is there, as in a capture that was cut.
inline Bytes ipv6(std::string_view from, std::string_view to, std::uint8_t next, const Bytes& payload,
                  std::size_t claimed = 0) {
  Bytes out;
  put(out, 0x60000000, 4);
  put(out, claimed != 0 ? claimed : payload.size(), 2);
  put(out, next, 1);
  put(out, 64, 1);
  for (const auto text : {from, to}) {
    const auto address = Ipv6Address::parse(text).value();
    out.insert(out.end(), address.octets.begin(), address.octets.end());
  }
  return join({out, payload});
}

inline Bytes ethernet(const Bytes& packet) {
  Bytes out(12, 2);
  put(out, 0x86dd, 2);
  return join({out, packet});
}

struct Tcp {
  std::uint32_t sequence{}, acknowledged{}, timestamp{};
  std::uint16_t source = 8080, destination = 40000;
};
inline Bytes tcp(const Tcp& t) {
  Bytes out;
  put(out, t.source, 2);
  put(out, t.destination, 2);
  put(out, t.sequence, 4);
  put(out, t.acknowledged, 4);
  put(out, 0x8010, 2);  // eight words of header, ACK
  put(out, 1000, 2);
  put(out, 0, 4);
  put(out, 0x0101080a, 4);  // two paddings, the timestamp option
  put(out, t.timestamp, 4);
  put(out, 7, 4);
  return out;
}

inline Bytes echo(bool request, std::uint16_t identifier, std::uint16_t sequence) {
  Bytes out;
  put(out, request ? 128 : 129, 1);
  put(out, 0, 3);
  put(out, identifier, 2);
  put(out, sequence, 2);
  return out;
}

inline Bytes binding_update(std::uint16_t sequence, std::uint16_t lifetime) {
  Bytes out{59, 1, 5, 0, 0, 0};
  put(out, sequence, 2);
  put(out, 0x8200, 2);
  put(out, lifetime, 2);
  put(out, 0, 4);
  return out;
}

inline Bytes binding_acknowledgement(std::uint8_t status, std::uint16_t sequence, std::uint16_t lifetime) {
  Bytes out{59, 1, 6, 0, 0, 0, status, 0x20};
  put(out, sequence, 2);
  put(out, lifetime, 2);
  put(out, 0, 4);
  return out;
}

}  // namespace flowmob::lab::test
