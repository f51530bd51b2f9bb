// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.h"
#include "base/error.h"

namespace flowmob::platform {

enum class PolicyDirection { In, Out };

/// Whether the kernel's IPsec policies let Mobility Headers of any type from one address to another pass in
/// ESP alone (RFC 5213 section 4). A policy for single types, interfaces or marks protects too little to
/// count, but lets through what it does not protect.
Result<bool> mobility_headers_need_esp(const Ipv6Address& source, const Ipv6Address& destination,
                                       PolicyDirection direction);

}  // namespace flowmob::platform
