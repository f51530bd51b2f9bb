// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/lma/anchor_state.h"

namespace flowmob::core {

/// Takes over what a predecessor persisted: all rows are asked for anew, sessions whose time is over are
/// gone, and what the configuration no longer permits is dropped with "record-dropped".
void restore(AnchorState& state, Now now, const std::vector<NodeRecord>& records);

}  // namespace flowmob::core
