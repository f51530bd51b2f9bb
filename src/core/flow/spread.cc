// SPDX-License-Identifier: Apache-2.0
#include "core/flow/spread.h"

#include <cmath>
#include <limits>

namespace flowmob::core {
namespace {

constexpr std::uint64_t kFirst = 0x9e3779b97f4a7c15, kSecond = 0xbf58476d1ce4e5b9;

struct Halves {
  std::uint64_t high{}, low{};
};

/// As the data plane has addresses: those of IPv4 are 0:ffff:a.b.c.d:: there (src/dataplane/abi/types.h).
Halves halves_of(const Ipv6Address& address) {
  if (is_mapped(address)) {
    std::uint64_t number = 0;
    for (const auto octet : from_mapped(address).octets) number = number << 8 | octet;
    return {std::uint64_t{0xffff} << 32 | number, 0};
  }
  Halves halves;
  for (std::size_t i = 0; i < 8; ++i) {
    halves.high = halves.high << 8 | address.octets[i];
    halves.low = halves.low << 8 | address.octets[i + 8];
  }
  return halves;
}

std::uint64_t flow_hash(const FlowKey& key) {
  const auto source = halves_of(key.source), destination = halves_of(key.destination);
  const auto ports = key.ports.value_or(FlowKey::Ports{});
  std::uint64_t hash = source.high ^ (destination.high << 1) ^ (source.low << 2) ^ (destination.low << 3);
  hash ^= std::uint64_t{key.protocol} << 56 ^ std::uint64_t{key.spi.value_or(0)} << 24 ^
          std::uint64_t{ports.source} << 16 ^ ports.destination;
  hash *= kFirst;
  hash ^= hash >> 32;
  return hash * kSecond;
}

/// Weighted rendezvous: the smaller, the better.
double distance(std::size_t slot, const SpreadLink& link) {
  if (link.weight == 0) return std::numeric_limits<double>::infinity();
  std::uint64_t mixed = (slot + 1) * kFirst ^ (std::uint64_t{link.session.value} + 1) * kSecond;
  mixed ^= mixed >> 31;
  mixed *= kFirst;
  mixed ^= mixed >> 29;
  mixed *= kSecond;
  const double uniform = (static_cast<double>(mixed >> 11) + 1) * 0x1.0p-53;
  return -std::log(uniform) / link.weight;
}

}  // namespace

std::string_view to_string(SpreadKind kind) {
  switch (kind) {
    case SpreadKind::None:
      return "none";
    case SpreadKind::Copies:
      return "copies";
    case SpreadKind::Shares:
      return "shares";
  }
  return "?";
}

std::vector<std::uint8_t> share_slots(const Spread& spread) {
  std::vector<std::uint8_t> slots(kShareSlots);
  for (std::size_t slot = 0; slot < kShareSlots; ++slot)
    for (std::size_t place = 1; place < spread.links.size(); ++place)
      if (distance(slot, spread.links[place]) < distance(slot, spread.links[slots[slot]]))
        slots[slot] = static_cast<std::uint8_t>(place);
  return slots;
}

std::size_t share_slot_of(const FlowKey& key) { return (flow_hash(key) >> 20) % kShareSlots; }

SessionId share_of(const Spread& spread, const FlowKey& key) {
  if (spread.kind != SpreadKind::Shares || spread.links.empty()) return {};
  return spread.links[share_slots(spread)[share_slot_of(key)]].session;
}

}  // namespace flowmob::core
