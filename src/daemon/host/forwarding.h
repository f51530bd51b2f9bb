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

}  // namespace flowmob::daemon
