// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.h"
#include "base/bytes.h"
#include "core/tunnelling.h"

namespace flowmob::core {

/// One way through a tunnel, as one end sends; between IPv4-mapped addresses it is one over IPv4.
struct TunnelWay {
  Ipv6Address local, remote;
  Encapsulation encapsulation{};
  std::uint32_t key{};  ///< where packets have keys
};

/// The tunnel packet that carries `packet`, a whole one of IPv4 with at most 65,000 octets, as the data plane
/// makes it (dataplane/encap.h): hop limit 64, traffic class and ECN copied (RFC 6040 section 4.1), and over
/// IPv4 Don't Fragment. But the flow label, which is zero: these packets are few.
Bytes encapsulate_ipv4(const TunnelWay& way, ByteView packet);

}  // namespace flowmob::core
