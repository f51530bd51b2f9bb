// SPDX-License-Identifier: Apache-2.0
#include "lifetime_checks.h"

#include <fmt/format.h>

#include <algorithm>

namespace flowmob::sim {
namespace {

constexpr Duration kLifetimeUnit = std::chrono::seconds(4);

}  // namespace

LifetimeChecks::LifetimeChecks(Domain& domain) : domain_(domain), world_(domain.world) {
  domain_.lma->on_grant = [this](const auto& ack, const Ipv6Address& to) {
    if (const auto mag = domain_.mag_at(to)) granted(*mag, ack);
  };
  domain_.lma->on_start = [this] { lma_started(); };
  for (std::size_t mag = 0; mag < domain_.mags.size(); ++mag) {
    domain_.mags[mag]->on_grant = [this, mag](const auto& ack) { arrived(mag, ack); };
    domain_.mags[mag]->on_start.push_back([this, mag] { mag_started(mag); });
  }
  domain_.on_departure = [this](Port port, std::size_t mag) { departed(port, mag); };
}

void LifetimeChecks::extend(Ends& ends, const Key& key, Duration until,
                            void (LifetimeChecks::*judge)(const Key&)) {
  auto& end = ends[key];
  end = std::max(end, until);
  world_.queue.at(end + slack, [this, key, judge] { (this->*judge)(key); });
}

void LifetimeChecks::granted(std::size_t mag, const wire::ProxyBindingAcknowledgement& ack) {
  for (const auto& option : wire::find_all<wire::HomeNetworkPrefixOption>(ack.options)) {
    const Key key{mag, option.to_prefix()};
    unheard_.insert(key);
    extend(at_lma_, key, world_.queue.now() + ack.lifetime * kLifetimeUnit, &LifetimeChecks::judge_lma);
  }
}

void LifetimeChecks::arrived(std::size_t mag, const wire::ProxyBindingAcknowledgement& ack) {
  for (const auto& option : wire::find_all<wire::HomeNetworkPrefixOption>(ack.options)) {
    const Key key{mag, option.to_prefix()};
    unheard_.erase(key);
    extend(at_mag_, key, world_.queue.now() + ack.lifetime * kLifetimeUnit, &LifetimeChecks::judge_mag);
  }
}

/// A successor may grant what its predecessor did, as long as that was.
void LifetimeChecks::lma_started() {
  for (auto& [key, end] : at_lma_)
    extend(at_lma_, key, world_.queue.now() + longest, &LifetimeChecks::judge_lma);
}

void LifetimeChecks::mag_started(std::size_t mag) {
  for (auto& [key, end] : at_mag_)
    if (key.first == mag) extend(at_mag_, key, world_.queue.now() + longest, &LifetimeChecks::judge_mag);
  for (const auto& [id, row] : domain_.mags[mag]->tables.hosts())
    if (const auto port = domain_.port_of(row.host.node);
        port && !domain_.mags[mag]->is_up(row.host.interface))
      departed(*port, mag);
}

/// True for the last end, which takes it out.
bool LifetimeChecks::is_over(Ends& ends, const Key& key) {
  const auto end = ends.find(key);
  if (end == ends.end() || world_.queue.now() < end->second + slack) return false;
  ends.erase(end);
  return true;
}

/// That lives as long as what another set of the node was granted there, and is taken back when that is heard
/// (docs/adr/0055); agreement is for calm times to judge.
bool LifetimeChecks::is_off_link(const Key& key) const {
  const auto mag = domain_.mags[key.first]->config().address;
  const auto holds = [&](const auto& prefixes) { return std::ranges::count(prefixes, key.second) != 0; };
  return std::ranges::any_of(domain_.mags[key.first]->store(),
                             [&](const auto& row) { return holds(row.second.off_link); }) ||
         std::ranges::any_of(domain_.lma->store(), [&](const auto& row) {
           return std::ranges::any_of(row.second.guests, [&](const auto& guest) {
             return guest.mag == mag && holds(guest.prefixes);
           });
         });
}

void LifetimeChecks::judge_lma(const Key& key) {
  const auto& lma = *domain_.lma;
  if (!lma.is_running() || !is_over(at_lma_, key)) return;
  if (lma.tables.has_session_via(domain_.mags[key.first]->config().address, key.second) && !is_off_link(key))
    world_.broken(
        fmt::format("lma: {} via mag{} outlives what was granted", key.second.to_string(), key.first));
}

void LifetimeChecks::judge_mag(const Key& key) {
  const auto& mag = *domain_.mags[key.first];
  if (!mag.is_running() || !is_over(at_mag_, key)) return;
  if (mag.tables.serves(key.second) && !is_off_link(key))
    world_.broken(fmt::format("mag{}: {} outlives what was granted", key.first, key.second.to_string()));
}

/// Whatever the LMA says: nobody is served where he is not.
void LifetimeChecks::departed(Port port, std::size_t mag) {
  const auto life = domain_.mags[mag]->pump.life();
  const auto visits = domain_.visits(port);
  world_.queue.after(goodbye + slack, [this, port, mag, life, visits] {
    const auto& node = *domain_.mags[mag];
    if (!node.is_running() || node.pump.life() != life || domain_.visits(port) != visits) return;
    const auto socket = domain_.access.at(port);
    if (!domain_.hosts(mag, port) || (socket && socket->mag == mag)) return;
    world_.broken(
        fmt::format("mag{} serves mn{} if{}, of whose departure it was told", mag, port.node, port.member));
  });
}

}  // namespace flowmob::sim
