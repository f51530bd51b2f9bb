// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "base/address.h"
#include "base/bytes.h"

namespace flowmob::core {

/// What a node inside a tunnel may have against a tunnel packet (RFC 2473 section 8.1, RFC 4213 section 3.4).
enum class TunnelErrorKind : std::uint8_t { TooBig, Unreachable, TimeExceeded, ParameterProblem };

constexpr std::string_view to_string(TunnelErrorKind kind) {
  switch (kind) {
    case TunnelErrorKind::TooBig:
      return "too-big";
    case TunnelErrorKind::Unreachable:
      return "unreachable";
    case TunnelErrorKind::TimeExceeded:
      return "time-exceeded";
    case TunnelErrorKind::ParameterProblem:
      return "parameter-problem";
  }
  return "?";
}

/// An ICMP error about one of our tunnel packets, from anybody: ICMP proves nothing.
struct TunnelError {
  Ipv6Address local;  ///< the tunnel packet's source: ours; IPv4-mapped where the tunnel is one over IPv4
  Ipv6Address peer;   ///< and its destination
  TunnelErrorKind kind{};
  std::uint32_t path_mtu{};        ///< of TooBig, in octets; zero: the router did not say
  std::uint16_t tunnel_headers{};  ///< octets of the tunnel packet before the original one
  Bytes original;                  ///< as much of the original packet as was quoted; perhaps nothing
};

}  // namespace flowmob::core
