// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.h"
#include "base/bytes.h"
#include "base/error.h"

namespace flowmob::platform {

/// One datagram out of a raw IPv6 socket, from a given source address. Never blocks; "would-block" when the
/// queues are full, else "send-failed".
Result<void> send_from(int fd, const Ipv6Address& source, const Ipv6Address& destination, ByteView payload);

}  // namespace flowmob::platform
