// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/bytes.h"

namespace flowmob::capture {

/// One IP header of a packet, and what stands behind its extension headers.
struct Headers {
  Ipv6Address source, destination;  ///< of IPv4: IPv4-mapped
  std::uint8_t protocol{};          ///< behind the extension headers, as far as they could be read
  struct Ports {
    std::uint16_t source{}, destination{};
  };
  std::optional<Ports> ports{};  ///< where there are some: not in fragments behind the first
};

/// Those of an IP packet that may be cut off or wrong anywhere, the outermost first; what is in tunnels
/// (RFC 2473, RFC 4213, GRE, UDP to the port of RFC 5844) comes next. Empty: not even one could be read.
std::vector<Headers> headers_of(ByteView packet);

/// "udp", "ipv6"; the number where there is no name.
std::string protocol_name(std::uint8_t protocol);

}  // namespace flowmob::capture
