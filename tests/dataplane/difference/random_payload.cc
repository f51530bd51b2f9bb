// SPDX-License-Identifier: Apache-2.0
#include "random_payload.h"

#include "base/ipv4.h"
#include "world.h"

namespace flowmob::dataplane::testing {
namespace {

void put16(Bytes& octets, std::size_t value) {
  octets.push_back(static_cast<std::uint8_t>(value >> 8));
  octets.push_back(static_cast<std::uint8_t>(value));
}
void put32(Bytes& octets, std::uint32_t value) {
  put16(octets, value >> 16);
  put16(octets, value & 0xffff);
}
void put_random(Chance& chance, Bytes& octets, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) octets.push_back(chance.octet());
}

std::uint8_t random_traffic_class(Chance& chance) {
  return chance.one_in(2) ? static_cast<std::uint8_t>(chance.below(4)) : chance.octet();
}
std::uint8_t random_hop_limit(Chance& chance) {
  return chance.one_in(12) ? chance.one_of<std::uint8_t>({0, 1, 2})
                           : chance.one_of<std::uint8_t>({64, 255, 3, 17});
}
std::uint32_t random_datagram(Chance& chance) { return chance.below(4); }

/// A few octets more than a header needs, or so many that the packet is as long as wanted.
std::size_t random_room(Chance& chance) {
  return chance.one_in(3) ? 0 : chance.one_in(20) ? chance.below(600) : chance.below(40);
}

/// What an ICMP error has behind its header: a packet that went the other way, as far as it goes.
Bytes random_quote(Chance& chance, const Ends& ends) {
  auto sent = ends.turned();
  if (chance.one_in(10)) sent = ends;
  if (chance.one_in(10)) sent.source.octets[15] ^= 1;
  if (!is_mapped(sent.destination) && chance.one_in(2)) sent.destination = random_correspondent(chance);
  auto quote = random_ip(chance, sent, 0);
  if (chance.one_in(3)) quote.resize(chance.below(quote.size() + 1));
  return quote;
}

Bytes random_icmp(Chance& chance, const Ends& ends) {
  const bool is_ipv4 = is_mapped(ends.source);
  const std::uint8_t error = is_ipv4 ? chance.one_of<std::uint8_t>({3, 4, 11, 12, 5})
                                     : chance.one_of<std::uint8_t>({1, 2, 3, 4, 0, 5, 100, 127});
  const std::uint8_t other = is_ipv4 ? chance.one_of<std::uint8_t>({8, 0, 13, 128})
                                     : chance.one_of<std::uint8_t>({128, 129, 130, 135, 8});
  const bool is_error = chance.one_in(2);
  Bytes octets{is_error ? error : other, static_cast<std::uint8_t>(chance.below(8))};
  put16(octets, chance.octet());
  put16(octets, chance.below(3));  // the identifier of an echo
  put16(octets, 1);
  if (is_error) append(octets, random_quote(chance, ends));
  return octets;
}

Bytes random_upper(Chance& chance, std::uint8_t protocol, const Ends& ends) {
  Bytes octets;
  switch (protocol) {
    case 1:
    case 58:
      octets = random_icmp(chance, ends);
      break;
    case 50:
      put32(octets, random_spi(chance));
      break;
    case 51:  // of IPv4
      octets = {random_protocol(chance), 4, 0, 0};
      put32(octets, random_spi(chance));
      break;
    case 59:
      return octets;
    default:
      put16(octets, random_port(chance));
      put16(octets, random_port(chance));
      put_random(chance, octets, protocol == 6 ? 16 : 4);
  }
  put_random(chance, octets, random_room(chance));
  return octets;
}

/// One extension header; `next` is what is behind it.
Bytes random_extension(Chance& chance, std::uint8_t type, std::uint8_t next) {
  Bytes octets{next, 0};
  if (type == 44) {
    octets[1] = chance.one_in(10) ? chance.octet() : 0;
    const auto offset = chance.one_in(2) ? 0U : chance.one_in(4) ? chance.below(1U << 13) : chance.below(3);
    put16(octets, offset << 3 | (chance.one_in(10) ? chance.below(4) << 1 : 0U) | chance.below(2));
    put32(octets, random_datagram(chance));
    return octets;
  }
  const auto words = chance.one_in(6) ? chance.below(8) : chance.below(3);
  if (type == 51) {
    octets[1] = static_cast<std::uint8_t>(words);  // units of 4, less 2
    put16(octets, 0);
    put32(octets, random_spi(chance));
    put_random(chance, octets, words * 4);
  } else {
    octets[1] = static_cast<std::uint8_t>(words);
    put_random(chance, octets, 6 + words * 8);
  }
  if (chance.one_in(30)) octets[1] = chance.octet();
  return octets;
}

std::size_t random_chain_length(Chance& chance) {
  if (chance.one_in(2)) return 0;
  if (chance.one_in(12)) return chance.from_to(6, 12);
  return chance.from_to(1, 3);
}

Bytes random_ipv6_payload(Chance& chance, const Ends& ends, std::uint8_t& next) {
  std::vector<std::uint8_t> types;
  for (auto left = random_chain_length(chance); left > 0; --left)
    types.push_back(chance.one_of<std::uint8_t>({0, 43, 44, 44, 44, 51, 60}));
  const auto upper = random_protocol(chance);
  types.push_back(upper);
  Bytes octets;
  for (std::size_t i = 0; i + 1 < types.size(); ++i)
    append(octets, random_extension(chance, types[i], types[i + 1]));
  append(octets, random_upper(chance, upper, ends));
  next = types.front();
  return octets;
}

Bytes random_ipv6(Chance& chance, const Ends& ends, std::size_t length) {
  std::uint8_t next = 0;
  auto payload = random_ipv6_payload(chance, ends, next);
  if (payload.size() + 40 < length) put_random(chance, payload, length - 40 - payload.size());
  Bytes octets;
  put32(octets, 6U << 28 | std::uint32_t{random_traffic_class(chance)} << 20 | random_label(chance));
  put16(octets, payload.size());
  append(octets, Bytes{next, random_hop_limit(chance)});
  append(octets, ends.source.octets);
  append(octets, ends.destination.octets);
  append(octets, payload);
  return octets;
}

std::uint32_t random_ipv4_fragment(Chance& chance) {
  if (!chance.one_in(3)) return chance.one_in(2) ? 0x4000 : 0;
  const auto offset = chance.one_in(2) ? 0U : chance.one_in(4) ? chance.below(1U << 13) : chance.below(3);
  return offset | (chance.one_in(2) ? 0x2000U : 0U) | (chance.one_in(8) ? 0x8000U : 0U);
}

Bytes random_ipv4(Chance& chance, const Ends& ends, std::size_t length) {
  const auto protocol = random_protocol(chance);
  const std::size_t words = chance.one_in(8) ? chance.from_to(5, 15) : 5;
  auto payload = random_upper(chance, protocol, ends);
  if (payload.size() + words * 4 < length) put_random(chance, payload, length - words * 4 - payload.size());
  Bytes octets{static_cast<std::uint8_t>(0x40 | words), random_traffic_class(chance)};
  put16(octets, words * 4 + payload.size());
  put16(octets, random_datagram(chance));
  put16(octets, random_ipv4_fragment(chance));
  append(octets, Bytes{random_hop_limit(chance), protocol, 0, 0});
  append(octets, from_mapped(ends.source).octets);
  append(octets, from_mapped(ends.destination).octets);
  put_random(chance, octets, words * 4 - 20);
  append(octets, payload);
  if (chance.one_in(40)) octets[0] = static_cast<std::uint8_t>(0x40 | chance.below(16));
  complete_ipv4_checksum(octets);
  return octets;
}

}  // namespace

Bytes random_ip(Chance& chance, const Ends& ends, std::size_t length) {
  return is_mapped(ends.destination) && is_mapped(ends.source) ? random_ipv4(chance, ends, length)
                                                               : random_ipv6(chance, ends, length);
}

void complete_ipv4_checksum(Bytes& packet) {
  const std::size_t header = std::min<std::size_t>((packet[0] & 0xf) * 4U, packet.size());
  if (header < 20) return;
  packet[10] = packet[11] = 0;
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < header; i += 2)
    sum += static_cast<std::uint32_t>(packet[i] << 8 | packet[i + 1]);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  packet[10] = static_cast<std::uint8_t>(~sum >> 8);
  packet[11] = static_cast<std::uint8_t>(~sum);
}

}  // namespace flowmob::dataplane::testing
