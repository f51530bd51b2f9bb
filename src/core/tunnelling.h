// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace flowmob::core {

/// How packets are carried between an LMA and a MAG.
enum class Encapsulation : std::uint8_t {
  Ipv6,  ///< one in the other (RFC 2473)
  Gre,   ///< with a GRE header between them (RFC 2784)
  GreWithKeys,
};

/// What was agreed for one session (RFC 5845). The MAG says by which key downlink packets are its session's,
/// the LMA by which those uplink are; zero where there are none.
struct Tunnelling {
  Encapsulation encapsulation = Encapsulation::Ipv6;
  std::uint32_t downlink_key = 0;
  std::uint32_t uplink_key = 0;

  bool has_gre() const { return encapsulation != Encapsulation::Ipv6; }
  bool has_keys() const { return encapsulation == Encapsulation::GreWithKeys; }
  /// Octets that the GRE header takes from every packet.
  std::uint16_t overhead() const { return has_keys() ? 8 : has_gre() ? 4 : 0; }
  friend bool operator==(const Tunnelling&, const Tunnelling&) = default;
};

constexpr std::string_view to_string(Encapsulation encapsulation) {
  switch (encapsulation) {
    case Encapsulation::Ipv6:
      return "ipv6";
    case Encapsulation::Gre:
      return "gre";
    case Encapsulation::GreWithKeys:
      return "gre-with-keys";
  }
  return "?";
}

}  // namespace flowmob::core
