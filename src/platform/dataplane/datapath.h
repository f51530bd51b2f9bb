// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace flowmob::dataplane {

/// What forwards what comes by an interface of an LMA: the tc programs, which always stand there, or an XDP
/// program before them (docs/adr/0080).
enum class Datapath : std::uint8_t { Auto, Tc, Xdp };

constexpr std::string_view to_string(Datapath datapath) {
  return datapath == Datapath::Xdp ? "xdp" : datapath == Datapath::Tc ? "tc" : "auto";
}

}  // namespace flowmob::dataplane
