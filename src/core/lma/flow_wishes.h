// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "core/lma/guest_links.h"

/// Flows that would rather go by sessions of their node's other sets, or have to (docs/adr/0066).
namespace flowmob::core {

struct FlowWishes {
  struct Wish {
    NodeIndex host;                 ///< the set that the session is of
    std::set<Ipv6Prefix> prefixes;  ///< of the flows that would go by it
    std::vector<FlowIndex> flows;
  };
  std::map<SessionId, Wish> sessions;
  std::optional<TimePoint> revisit{};  ///< when a link that is held down may take a flow
};

/// Where the node's flows would go if the gateways of its other sets, or those that may be asked, forwarded
/// its prefixes, and these do not yet. What a rule does not name is wished for by flows alone that have no
/// link of their own left. Of several sessions at one MAG the first flow chooses, in their order, those first
/// that have to go; others do without or, if they have to go and may, come along.
FlowWishes wishes_of(const AnchorState& state, const MobileNode& node,
                     const std::function<bool(const Session&)>& may_be_asked);

}  // namespace flowmob::core
