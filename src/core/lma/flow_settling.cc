// SPDX-License-Identifier: Apache-2.0
#include "core/lma/flow_settling.h"

#include <algorithm>

namespace flowmob::core {

namespace {

/// What a link's BID-PRI is that was not told; among those that were it is in the middle.
constexpr std::uint8_t kOrdinaryBindingPriority = 64;

std::uint8_t priority_of(const Session& session) {
  return session.binding_priority != 0 ? session.binding_priority : kOrdinaryBindingPriority;
}

}  // namespace

std::vector<LinkState> links_of(const Policy& policy, const MobileNode& node) {
  const bool gateways_decide = policy.decider(node.mn_id) == Decider::Gateways;
  const auto live = node.live();
  std::vector<LinkState> links;
  for (const auto& session : node.sessions) {
    const auto* mag = policy.mag(session.mag);
    const bool is_live = std::ranges::find(live, session.id) != live.end();
    links.push_back({session.id, mag ? std::string_view(mag->name) : std::string_view(), session.mag,
                     session.technology, !session.in_delete_wait, is_live, session.opens.has_value(),
                     session.known_as(), gateways_decide ? priority_of(session) : std::uint8_t{0}});
    links.back().lacks_ipv4 = node.ipv4.has_value() && !session.ipv4;
  }
  for (const auto& guest : node.guests) {
    const auto* mag = policy.mag(guest.mag);
    const bool is_live = std::ranges::find(live, guest.id) != live.end();
    links.push_back({guest.id, mag ? std::string_view(mag->name) : std::string_view(), guest.mag,
                     guest.technology, guest.up, is_live, false});
    links.back().is_foreign = true;
    links.back().lacks_ipv4 = node.ipv4.has_value();
    std::ranges::set_difference(node.prefixes, guest.prefixes, std::back_inserter(links.back().missing));
  }
  return links;
}

void settle_flows(const Policy& policy, MobileNode& node, SessionId leaving) {
  node.flows.reselect(links_of(policy, node), policy.links(), leaving, policy.several_bindings(node.mn_id));
}

}  // namespace flowmob::core
