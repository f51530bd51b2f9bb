// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "core/mn/flow_choices.h"

namespace flowmob::core {

/// A member as it is at this moment, by its number; nobody with a number is one that is down.
struct MemberStanding {
  bool is_up = false;  ///< it can carry packets
  bool is_default = false;
  std::vector<Ipv6Prefix> prefixes{};  ///< that its router advertises
};

/// "policy explain" of a mobile node: {"flow": the 5-tuple of downlink packets, and "dscp", "spi",
/// "flow_label", and "cgroup", that of the socket that sends, whose user is `uid`}. By which rule, or
/// command, and by which member a new connection with it goes, why, and why not by the others; from the rows
/// that the data plane has. "bad-flow", "bad-argument".
Result<Json> explain_choice(const FlowChoices& choices, const std::vector<MemberStanding>& members,
                            const Json& arguments, std::optional<std::uint32_t> uid = std::nullopt);

}  // namespace flowmob::core
