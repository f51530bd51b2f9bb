// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace flowmob::daemon {

/// Makes this host a router on `interfaces`: the data plane's look-ups as well as the stack's own answers
/// need it.
/// `over_ipv4`: tunnels over IPv4 begin there, for which the kernel knows a way only where it forwards.
Result<void> ensure_forwarding(const std::vector<std::string>& interfaces, bool over_ipv4 = false);

/// Of IPv4, for home addresses. It switches every interface, so it is written only where it is off.
Result<void> ensure_ipv4_forwarding();

}  // namespace flowmob::daemon
