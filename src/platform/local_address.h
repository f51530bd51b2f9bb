// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.h"

namespace flowmob::platform {

/// Whether some interface of this thread's network namespace has that address; of IPv4 it is IPv4-mapped.
bool is_local_address(const Ipv6Address& address);

}  // namespace flowmob::platform
