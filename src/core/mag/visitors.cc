// SPDX-License-Identifier: Apache-2.0
#include "core/mag/visitors.h"

#include <algorithm>

#include "core/mag/router_advertisement.h"

namespace flowmob::core {
namespace {

/// Anybody on the link can be many; those that are too many get nothing.
constexpr std::size_t kMaxVisitors = 4096;
/// As long as the addresses are valid that a silent one may still have.
constexpr Duration kRemembered = std::chrono::hours(2);

}  // namespace

bool Visitors::welcome(Now now, const AccessConfig& access, const MacAddress& node,
                       const Ipv6Address& source) {
  if (!access.visited_prefix) return false;
  const Key key{access.name, node};
  auto found = visitors_.find(key);
  if (found == visitors_.end()) {
    if (visitors_.size() >= kMaxVisitors) {
      context_.statistics.drop("too-many-visitors");
      return true;
    }
    const AdvertisementSchedule schedule(now.monotonic, context_.config.router_advertisement_interval);
    found = visitors_.emplace(key, Visitor{{}, schedule, now.monotonic}).first;
    context_.notify("visitor", {{"access", access.name}, {"link_layer", node.to_string()}});
  }
  auto& visitor = found->second;
  visitor.heard = now.monotonic;
  if (source.is_link_local()) visitor.link_local = source;
  if (visitor.advertisements.answer(now.monotonic))
    advertise(access, node, visitor, true);
  else
    context_.statistics.drop("solicitation-rate");
  return true;
}

bool Visitors::heard(Now now, const AccessConfig& access, const MacAddress& node) {
  const auto found = visitors_.find(Key{access.name, node});
  if (found == visitors_.end()) return false;
  found->second.heard = now.monotonic;
  return true;
}

void Visitors::leave(const AccessConfig& access, const MacAddress& node) {
  const auto found = visitors_.find(Key{access.name, node});
  if (found == visitors_.end()) return;
  advertise(access, node, found->second, false);
  visitors_.erase(found);
}

void Visitors::forget(const std::string& access) {
  std::erase_if(visitors_, [&](const auto& entry) { return entry.first.first == access; });
}

void Visitors::handle_timeout(Now now) {
  std::erase_if(visitors_, [&](const auto& entry) {
    const auto* access = context_.access(entry.first.first);
    return !access || !access->visited_prefix || now.monotonic >= entry.second.heard + kRemembered;
  });
  for (auto& [key, visitor] : visitors_) {
    if (visitor.advertisements.next() > now.monotonic) continue;
    advertise(*context_.access(key.first), key.second, visitor, true);
    visitor.advertisements.advance(now.monotonic);
  }
}

std::optional<TimePoint> Visitors::next_deadline() const {
  std::optional<TimePoint> next;
  for (const auto& [key, visitor] : visitors_)
    next = std::min(next.value_or(TimePoint::max()), visitor.advertisements.next());
  return next;
}

void Visitors::advertise(const AccessConfig& access, const MacAddress& node, const Visitor& visitor,
                         bool is_router) {
  if (!access.visited_prefix) return;
  context_.statistics.message("ra_sent");
  context_.emit(advertise_visited(context_.config, access, node, visitor.link_local, is_router));
}

}  // namespace flowmob::core
