// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "core/lma/anchor_state.h"

/// The control socket's commands that the core answers.
namespace flowmob::core {

/// "show ...": nothing for a command that is none of these.
std::optional<Result<Json>> show(const AnchorState& state, Now now, std::string_view command,
                                 const Json& arguments);

/// "flow move": {"mn", "flow", "flow_index", "from", "to", "session", "changed"}. Flows of nodes whose
/// registration is just under way: "busy".
Result<Json> move_flow(AnchorState& state, const Json& arguments);

}  // namespace flowmob::core
