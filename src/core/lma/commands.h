// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "core/lma/anchor_state.h"
#include "core/lma/flow_mobility.h"
#include "core/lma/revoker.h"

/// The control socket's commands that the core answers.
namespace flowmob::core {

/// "show ...": nothing for a command that is none of these.
std::optional<Result<Json>> show(const AnchorState& state, Now now, std::string_view command,
                                 const Json& arguments);

/// What "session revoke" asks for: the sessions of a node, of a realm, or of a MAG. Errors as
/// handle_command() says.
Result<std::vector<Revocation>> plan_revocation(const AnchorState& state, const Json& arguments);
/// {"revocations": [{"mag", "trigger", "sessions": [{"mn", "session"}]}]}
Json describe(const Policy& policy, const std::vector<Revocation>& revocations);

/// "policy explain": which flow the packets of a 5-tuple belong to, which link it takes, and why not the
/// others.
Result<Json> explain(const AnchorState& state, const Json& arguments);

/// Likewise why a flow went where it is now, from where it was; null: that cannot be told any more.
Json decision_of(const Policy& policy, const MobileNode& before, const MobileNode& after,
                 const FlowEvent& change);

/// "show policies".
Json show_policies(const AnchorState& state);

/// What other policies would change: rules, flows that would move, and new ones, which come from nowhere; and
/// whom flows would have asked for them.
Json compare_policies(const AnchorState& state, const FlowMobility& mobility,
                      const std::vector<Shared<FlowPolicy>>& policies);

/// What a "flow move" comes to.
struct FlowMove {
  Json answer;  ///< {"mn", "flow", "flow_index", "from", "to", "session", "changed", "waits", "order"}
  std::optional<Change> change;  ///< none: the flow is bound there already, or its MAG has to be asked
  std::optional<GuestMove> asks = {};
};

/// Flows of nodes whose registration is just under way: "busy". To a link that may not deliver yet the flow
/// goes when that has opened (docs/adr/0050): until then it "waits" where it is. Where the MAG has none but
/// sessions of other sets of the node, it is asked first (docs/adr/0055).
Result<FlowMove> plan_flow_move(AnchorState& state, const Json& arguments);
/// "flow release": what a command has moved follows its rule again.
Result<FlowMove> plan_flow_release(AnchorState& state, const Json& arguments);

}  // namespace flowmob::core
