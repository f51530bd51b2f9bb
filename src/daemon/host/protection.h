// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "daemon/config/settings.h"

namespace flowmob::daemon {

/// Fails ("not-protected") unless the kernel takes Mobility Headers from each of these peers, and sends them
/// to it, in ESP alone: who writes security = "ipsec" has to have set it up (docs/adr/0044).
Result<void> check_protection(const std::vector<Ipv6Address>& locals,
                              const std::vector<ProtectedPeer>& peers);

}  // namespace flowmob::daemon
