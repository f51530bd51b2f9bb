// SPDX-License-Identifier: Apache-2.0
#include "core/mag/visitors.h"

#include <iterator>
#include <tuple>

#include "core/mag/router_advertisement.h"

namespace flowmob::core {
namespace {

/// Anybody on the link can be many; then those that were silent for longest get nothing any more.
constexpr std::size_t kMaxVisitors = 4096;
/// As long as the addresses are valid that a silent one may still have.
constexpr Duration kRemembered = std::chrono::hours(2);

/// What a visitor hears of the link.
auto offer_of(const AccessConfig& access) {
  return std::tuple(access.visited_prefix, access.index, access.link_address, access.link_mtu);
}

}  // namespace

Visitors::Entries::iterator Visitors::add(Now now, const AccessConfig& access, const MacAddress& node) {
  if (visitors_.size() >= kMaxVisitors) erase(visitors_.find(heard_.begin()->second));
  const AdvertisementSchedule schedule(now.monotonic, context_.config.router_advertisement_interval);
  const auto added = visitors_.emplace(Key{access.name, node}, Visitor{{}, schedule, now.monotonic}).first;
  heard_.emplace(now.monotonic, added->first);
  next_.emplace(schedule.next(), added->first);
  if (notices_.allow(now.monotonic))
    context_.notify("visitor", {{"access", access.name}, {"link_layer", node.to_string()}});
  return added;
}

void Visitors::note_heard(Now now, Entries::iterator visitor) {
  heard_.erase({visitor->second.heard, visitor->first});
  visitor->second.heard = now.monotonic;
  heard_.emplace(now.monotonic, visitor->first);
}

Visitors::Entries::iterator Visitors::erase(Entries::iterator visitor) {
  heard_.erase({visitor->second.heard, visitor->first});
  next_.erase({visitor->second.advertisements.next(), visitor->first});
  return visitors_.erase(visitor);
}

bool Visitors::welcome(Now now, const AccessConfig& access, const MacAddress& node,
                       const Ipv6Address& source) {
  if (!access.visited_prefix) return false;
  auto found = visitors_.find(Key{access.name, node});
  if (found == visitors_.end()) found = add(now, access, node);
  note_heard(now, found);
  auto& visitor = found->second;
  if (source.is_link_local()) visitor.link_local = source;
  answer(now, found);
  return true;
}

void Visitors::answer(Now now, Entries::iterator visitor) {
  const auto& [access, node] = visitor->first;
  auto& schedule = visitor->second.advertisements;
  next_.erase({schedule.next(), visitor->first});
  const auto when = schedule.answer(now.monotonic);
  next_.emplace(schedule.next(), visitor->first);
  if (when == AdvertisementSchedule::Answer::Now)
    advertise(*context_.access(access), node, visitor->second, true);
  else if (when == AdvertisementSchedule::Answer::Awaited)
    context_.statistics.drop("solicitation-rate");
}

bool Visitors::heard(Now now, const AccessConfig& access, const MacAddress& node) {
  const auto found = visitors_.find(Key{access.name, node});
  if (found == visitors_.end()) return false;
  note_heard(now, found);
  return true;
}

void Visitors::leave(const AccessConfig& access, const MacAddress& node) {
  const auto found = visitors_.find(Key{access.name, node});
  if (found == visitors_.end()) return;
  advertise(access, node, found->second, false);
  erase(found);
}

void Visitors::forget(const std::string& access) {
  for (auto visitor = visitors_.begin(); visitor != visitors_.end();)
    visitor = visitor->first.first == access ? erase(visitor) : std::next(visitor);
}

/// An address of the former prefix would lead nowhere: it is deprecated before the new one is offered.
void Visitors::reconfigured(const MagConfig& former) {
  for (const auto& old : former.accesses) {
    const auto& access = *context_.access(old.name);
    if (offer_of(old) == offer_of(access)) continue;
    AccessConfig last = access;
    last.visited_prefix = old.visited_prefix;
    for (const auto& [key, visitor] : visitors_) {
      if (key.first != access.name) continue;
      if (access.visited_prefix != old.visited_prefix) advertise(last, key.second, visitor, false);
      advertise(access, key.second, visitor, true);
    }
    if (!access.visited_prefix) forget(access.name);
  }
}

void Visitors::handle_timeout(Now now) {
  while (!heard_.empty() && now.monotonic >= heard_.begin()->first + kRemembered)
    erase(visitors_.find(heard_.begin()->second));
  std::vector<Key> due;
  for (auto next = next_.begin(); next != next_.end() && next->first <= now.monotonic; ++next)
    due.push_back(next->second);
  for (const auto& key : due) {
    auto& visitor = visitors_.at(key);
    advertise(*context_.access(key.first), key.second, visitor, true);
    next_.erase({visitor.advertisements.next(), key});
    visitor.advertisements.advance(now.monotonic);
    next_.emplace(visitor.advertisements.next(), key);
  }
}

std::optional<TimePoint> Visitors::next_deadline() const {
  if (next_.empty()) return std::nullopt;
  return next_.begin()->first;
}

void Visitors::advertise(const AccessConfig& access, const MacAddress& node, const Visitor& visitor,
                         bool is_router) {
  if (!access.visited_prefix) return;
  context_.statistics.message("ra_sent");
  context_.emit(advertise_visited(context_.config, access, node, visitor.link_local, is_router));
}

}  // namespace flowmob::core
