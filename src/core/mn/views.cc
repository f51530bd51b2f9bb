// SPDX-License-Identifier: Apache-2.0
#include "core/mn/lifetime.h"
#include "core/mn/logical_interface_impl.h"

namespace flowmob::core {
namespace {

/// Lifetimes as Router Advertisements have them, except that forever is null.
Json seconds_left(TimePoint now, TimePoint end) {
  return end == kNever ? Json() : Json(lifetime_left(now, end));
}

Json milliseconds(const std::optional<Duration>& duration) {
  using Milliseconds = std::chrono::duration<double, std::milli>;
  return duration ? Json(Milliseconds(*duration).count()) : Json();
}

}  // namespace

Json LogicalInterface::Impl::links(Now now) const {
  const MemberState* chosen = default_member();
  Json links = Json::array();
  for (const MemberState& member : members_) {
    Json prefixes = Json::array();
    for (const auto& prefix : addresses_.prefixes_of(now.monotonic, member.number))
      prefixes.push_back(prefix.to_string());
    Json link{{"interface", member.config.interface},
              {"number", member.number},
              {"technology", to_string(member.config.technology)},
              {"raw_ip", member.config.raw_ip},
              {"carrier", member.up()},
              {"up", can_carry(member)},
              {"leaving", member.leaves.has_value()},
              {"mac", member.config.mac.to_string()},
              {"router", nullptr},
              {"router_mac", nullptr},
              {"router_lifetime", nullptr},
              {"router_silent", member.watch.is_silent()},
              {"round_trip_ms", milliseconds(member.watch.round_trip())},
              {"mtu", member.mtu == 0 ? Json() : Json(member.mtu)},
              {"prefixes", std::move(prefixes)},
              {"default", &member == chosen}};
    if (member.router) {
      link["router"] = member.router->address.to_string();
      link["router_mac"] = written_router_mac(member);
      link["router_lifetime"] = seconds_left(now.monotonic, member.router->expires);
    }
    links.push_back(std::move(link));
  }
  Json addresses = Json::array();
  for (const auto& [address, standing] : told_.addresses)
    addresses.push_back({{"address", address.to_string()},
                         {"prefix_length", standing.prefix_length},
                         {"valid_lifetime", seconds_left(now.monotonic, standing.lifetimes.valid)},
                         {"preferred_lifetime", seconds_left(now.monotonic, standing.lifetimes.preferred)}});
  return {{"virtual_interface",
           {{"interface", config_.interface},
            {"mac", config_.mac.to_string()},
            {"router", told_.router ? Json(told_.router->router.to_string()) : Json()},
            {"mtu", told_.mtu ? Json(*told_.mtu) : Json()},
            {"addresses", std::move(addresses)}}},
          {"links", std::move(links)}};
}

Json LogicalInterface::Impl::statistics() const {
  Json drops = Json::object();
  for (const auto& [reason, count] : statistics_.drops) drops[reason] = count;
  return {{"advertisements", {{"received", statistics_.received}, {"accepted", statistics_.accepted}}},
          {"solicitations", {{"sent", statistics_.solicited}}},
          {"router_probes", {{"sent", statistics_.questions}, {"answered", statistics_.answers}}},
          {"neighbor_answers", statistics_.answered},
          {"drops", std::move(drops)}};
}

}  // namespace flowmob::core
