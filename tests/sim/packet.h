// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/address.h"

namespace flowmob::sim {

/// What tells one flow of a node from the other, as its downlink packets have it.
struct Flow {
  std::string_view name;  ///< of a literal: packets are copied often
  std::uint8_t protocol{};
  std::uint16_t source_port{};
  std::uint16_t destination_port{};
  friend auto operator<=>(const Flow&, const Flow&) = default;
};

/// A data packet of a flow, downlink or uplink: `node` is the mobile node's address either way.
struct Packet {
  Flow flow;
  Ipv6Address correspondent;
  Ipv6Address node;
  std::uint64_t number = 0;
};

/// The first place where a packet got lost, or none.
struct Walk {
  bool delivered = false;
  std::size_t member = 0;  ///< the node's member link that carried it
  std::string lost_at;

  static Walk lost(std::string where) { return {false, 0, std::move(where)}; }
};

}  // namespace flowmob::sim
