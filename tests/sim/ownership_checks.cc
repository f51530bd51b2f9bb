// SPDX-License-Identifier: Apache-2.0
#include "ownership_checks.h"

#include <fmt/format.h>

#include <optional>

namespace flowmob::sim {
namespace {

/// An expiry that falls on the same moment, and an effect's answer.
constexpr Duration kSlack = std::chrono::milliseconds(100);

}  // namespace

OwnershipChecks::OwnershipChecks(Domain& domain) : domain_(domain), world_(domain.world) {
  for (std::size_t mag = 0; mag < domain_.mags.size(); ++mag)
    domain_.mags[mag]->on_host = [this, mag](const core::InstallHost& host, bool is_new) {
      served(mag, host, is_new);
    };
  domain_.lma->on_handoff = [this](SessionId session, const Ipv6Address& mag) { left(session, mag); };
}

void OwnershipChecks::left(SessionId session, const Ipv6Address& mag) {
  left_[{session, mag}] = world_.queue.now();
  world_.queue.after(
      domain_.lma->config().former_gateway_grace + kSlack,
      [this, session, mag, life = domain_.lma->pump.life()] { judge_former(session, mag, life); });
}

/// A daemon that was killed has left its rows to the next, which sweeps them. While a change of the node
/// waits for the data plane, so does everything else about it.
void OwnershipChecks::judge_former(SessionId session, const Ipv6Address& mag, std::uint64_t life) const {
  const auto& lma = *domain_.lma;
  if (!lma.is_running() || lma.pump.life() != life) return;
  if (lma.pump.has_unanswered())
    return world_.queue.after(kSlack, [=, this] { judge_former(session, mag, life); });
  const auto row = lma.tables.sessions().find(session);
  const bool is_back = row != lma.tables.sessions().end() && row->second.session.mag == mag;
  const Duration since = world_.queue.now() - left_.at({session, mag});
  if (is_back || since < lma.config().former_gateway_grace + kSlack) return;
  if (lma.tables.may_send(session, mag))
    world_.broken(
        fmt::format("{} may still send for session {}, which has left it", mag.to_string(), session.value));
}

void OwnershipChecks::served(std::size_t mag, const core::InstallHost& host, bool is_new) {
  if (longest == Duration{}) return;
  auto& row = served_[{mag, host.attachment}];
  if (is_new || row.node != host.node || row.prefixes != host.prefixes)
    row = {host.node, host.prefixes, world_.queue.now()};
  world_.queue.after(longest + kSlack, [this, node = host.node, prefixes = host.prefixes] {
    for (const auto& prefix : prefixes) judge_prefix(prefix);
    judge_interface(node);
  });
}

/// A gateway whose daemon is dead cannot end anything.
bool OwnershipChecks::is_settled(std::size_t mag, SessionId attachment) const {
  const auto row = served_.find({mag, attachment});
  return row != served_.end() && domain_.mags[mag]->is_running() &&
         world_.queue.now() - row->second.since >= longest + kSlack;
}

/// Of an anchor that has lost what it knew, whose restart the gateway may not have seen.
bool OwnershipChecks::is_off_link(std::size_t mag, SessionId attachment, const Ipv6Prefix& prefix) const {
  const auto& store = domain_.mags[mag]->store();
  const auto record = store.find(attachment);
  return record != store.end() && std::ranges::count(record->second.off_link, prefix) != 0;
}

void OwnershipChecks::judge_prefix(const Ipv6Prefix& prefix) const {
  std::optional<std::size_t> owner;
  for (std::size_t mag = 0; mag < domain_.mags.size(); ++mag) {
    for (const auto attachment : domain_.mags[mag]->tables.holders(prefix)) {
      if (!is_settled(mag, attachment)) continue;
      const auto node = node_of(domain_.mags[mag]->tables.hosts().at(attachment).host.node);
      if (domain_.lma->has_ever_lost_state() && is_off_link(mag, attachment, prefix)) continue;
      if (owner && node && *owner != *node)
        world_.broken(fmt::format("gateways serve mn{} and mn{} with {}", *owner, *node, prefix.to_string()));
      if (node) owner = node;
    }
  }
}

void OwnershipChecks::judge_interface(const MacAddress& node) const {
  const auto port = domain_.port_of(node);
  std::optional<std::size_t> server;
  for (std::size_t mag = 0; port && mag < domain_.mags.size(); ++mag) {
    const auto& tables = domain_.mags[mag]->tables;
    const auto* host = tables.find_host(domain_.access_index(*port), node);
    if (host == nullptr || !is_settled(mag, host->attachment)) continue;
    if (server)
      world_.broken(
          fmt::format("mn{} if{} is served by mag{} and by mag{}", port->node, port->member, *server, mag));
    server = mag;
  }
}

}  // namespace flowmob::sim
