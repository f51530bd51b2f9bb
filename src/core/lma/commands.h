// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "core/lma/anchor_state.h"

/// The control socket's commands that the core answers.
namespace flowmob::core {

/// "show ...": nothing for a command that is none of these.
std::optional<Result<Json>> show(const AnchorState& state, Now now, std::string_view command,
                                 const Json& arguments);

/// What a "flow move" comes to.
struct FlowMove {
  Json answer;                   ///< {"mn", "flow", "flow_index", "from", "to", "session", "changed"}
  std::optional<Change> change;  ///< none: the flow is there
};

/// Flows of nodes whose registration is just under way: "busy". The flow goes at once, also to a link that
/// has just come: whoever says so knows.
Result<FlowMove> plan_flow_move(AnchorState& state, const Json& arguments);

}  // namespace flowmob::core
