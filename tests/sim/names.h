// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"

/// How simulated nodes are told apart: number, MN-ID and link-layer addresses say the same.
namespace flowmob::sim {

inline std::string mn_id_of(std::size_t node) { return "mn" + std::to_string(node) + "@example.net"; }

inline std::optional<std::size_t> node_of(std::string_view mn_id) {
  if (!mn_id.starts_with("mn")) return std::nullopt;
  std::size_t node = 0;
  const auto [end, error] = std::from_chars(mn_id.data() + 2, mn_id.data() + mn_id.size(), node);
  if (error != std::errc{} || mn_id.substr(static_cast<std::size_t>(end - mn_id.data())) != "@example.net")
    return std::nullopt;
  return node;
}

inline MacAddress member_mac(std::size_t node, std::size_t member) {
  const auto number = node + 1;
  return {{0x02, 0, 0, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number),
           static_cast<std::uint8_t>(member + 1)}};
}

inline std::optional<std::size_t> node_of(const MacAddress& mac) {
  const auto number = static_cast<std::size_t>(mac.octets[3]) << 8 | mac.octets[4];
  if (number == 0 || mac.octets[0] != 0x02 || mac.octets[1] != 0 || mac.octets[2] != 0 || mac.octets[5] == 0)
    return std::nullopt;
  return number - 1;
}

}  // namespace flowmob::sim
