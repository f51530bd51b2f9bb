// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/binding/mobile_node.h"
#include "core/lma/policy.h"

namespace flowmob::core {

/// A node's sessions and guest links, as what its flows may take.
std::vector<LinkState> links_of(const Policy& policy, const MobileNode& node);

/// Every flow to the link that bindings and rules have for it as things are now. `leaving`: a session that
/// opens once more, and which flows leave meanwhile if there is another.
void settle_flows(const Policy& policy, MobileNode& node, SessionId leaving = {});

}  // namespace flowmob::core
