// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/lma/anchor_state.h"

namespace flowmob::core {

/// Without the sessions whose time is over: "binding-expired", and "binding-deleted" after a delete-wait;
/// with those open whose time has come, and without gateways that were left long enough ago. The next state
/// is none when no session is left.
Change without_expired(const Policy& policy, const MobileNode& node, TimePoint now);

/// What of this node is over goes, and a MAG that a session has left is told.
void expire(AnchorState& state, const MobileNode& node, TimePoint now);

/// Every session whose time is over goes.
void expire(AnchorState& state, Now now);

}  // namespace flowmob::core
