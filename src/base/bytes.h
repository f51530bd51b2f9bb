// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace flowmob {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

template <class Octets>
void append(Bytes& bytes, const Octets& octets) {
  bytes.insert(bytes.end(), octets.begin(), octets.end());
}

}  // namespace flowmob
