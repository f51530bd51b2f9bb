// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "base/ipv4.h"

namespace flowmob::core {

/// How packets are carried between an LMA and a MAG.
enum class Encapsulation : std::uint8_t {
  Plain,  ///< one in the other (RFC 2473, RFC 4213)
  Gre,    ///< with a GRE header between them (RFC 2784)
  GreWithKeys,
  Udp,  ///< with a UDP header between them, over IPv4 alone (RFC 5844 section 4)
};

/// What was agreed for one session (RFC 5845, RFC 5844 section 4). The MAG says by which key downlink packets
/// are its session's, the LMA by which those uplink are; zero where there are none.
struct Tunnelling {
  Encapsulation encapsulation = Encapsulation::Plain;
  std::uint32_t downlink_key = 0;
  std::uint32_t uplink_key = 0;

  bool has_gre() const { return encapsulation == Encapsulation::Gre || has_keys(); }
  bool has_keys() const { return encapsulation == Encapsulation::GreWithKeys; }
  bool has_udp() const { return encapsulation == Encapsulation::Udp; }
  /// Octets that the header between the two takes from every packet.
  std::uint16_t overhead() const { return has_keys() || has_udp() ? 8 : has_gre() ? 4 : 0; }
  friend bool operator==(const Tunnelling&, const Tunnelling&) = default;
};

/// Octets of the tunnel packet's IP header: of IPv4 where the tunnel's ends are IPv4-mapped.
inline std::uint16_t outer_header(const Ipv6Address& end) { return is_mapped(end) ? 20 : 40; }

constexpr std::string_view to_string(Encapsulation encapsulation) {
  switch (encapsulation) {
    case Encapsulation::Plain:
      return "plain";
    case Encapsulation::Gre:
      return "gre";
    case Encapsulation::GreWithKeys:
      return "gre-with-keys";
    case Encapsulation::Udp:
      return "udp";
  }
  return "?";
}

}  // namespace flowmob::core
