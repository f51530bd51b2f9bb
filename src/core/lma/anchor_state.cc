// SPDX-License-Identifier: Apache-2.0
#include "core/lma/anchor_state.h"

namespace flowmob::core {
namespace {

constexpr unsigned kNotificationsPerSecond = 20;

}  // namespace

AnchorState::AnchorState(LmaConfig config)
    : policy(std::move(config)),
      handovers(effects, policy.config().handover_history),
      notifications_(RateLimiter::per_second(kNotificationsPerSecond)) {
  prefixes.configure(policy.config().pools, policy.reserved());
  ipv4.configure(policy.config().ipv4_pools, policy.reserved_ipv4());
}

void AnchorState::advance(Now now) {
  policy.links().advance(now.monotonic);
  handovers.advance(now);
}

void AnchorState::configure(LmaConfig config) {
  LinkBoard links = std::move(policy.links());
  policy = Policy(std::move(config));
  policy.links() = std::move(links);
  handovers.configure(policy.config().handover_history);
  policy.links().set_policies(policy.config().flow_policies);
  prefixes.configure(policy.config().pools, policy.reserved());
  ipv4.configure(policy.config().ipv4_pools, policy.reserved_ipv4());
}

/// One that does not know the flag would host them.
std::vector<Ipv6Prefix> AnchorState::off_link_for(const Session& session) const {
  const auto found = off_link.find(session.id);
  if (found == off_link.end() || !session.ipv6 || !know_off_link.contains(session.mag)) return {};
  return {found->second.begin(), found->second.end()};
}

void AnchorState::notify_limited(Now now, std::string event, Json fields) {
  if (!notifications_.allow(now.monotonic)) {
    ++suppressed_;
    return;
  }
  if (suppressed_ != 0) fields["suppressed"] = std::exchange(suppressed_, 0);
  notify(std::move(event), std::move(fields));
}

void AnchorState::drop(Now now, const std::string& reason, const PacketMeta& meta) {
  statistics.count_drop(reason);
  notify_limited(now, "message-dropped", {{"reason", reason}, {"source", meta.source.to_string()}});
}

}  // namespace flowmob::core
