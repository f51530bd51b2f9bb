// SPDX-License-Identifier: Apache-2.0
#include "farewell_checks.h"

#include <fmt/format.h>

#include "wire/neighbor_discovery.h"

namespace flowmob::sim {

FarewellChecks::FarewellChecks(Domain& domain) : domain_(domain), world_(domain.world) {
  domain_.access.on_arrival = [this](Socket socket, const MacAddress& node) {
    if (const auto farewell = farewells_.find({socket, node}); farewell != farewells_.end())
      farewell->second.may_end = true;
  };
  domain_.access.on_down = [this](Socket socket, const auto& frame) { said(socket, frame); };
}

FarewellChecks::Life FarewellChecks::life_of(Socket socket) const {
  const auto& mag = *domain_.mags.at(socket.mag);
  return {mag.pump.life(), mag.downs(socket.interface)};
}

void FarewellChecks::said(Socket socket, const core::SendNeighborDiscovery& frame) {
  const auto message = wire::decode_nd(frame.icmpv6, frame.source, frame.destination);
  const auto* advertisement = message ? std::get_if<wire::RouterAdvertisement>(&*message) : nullptr;
  if (advertisement == nullptr) return;
  const Key key{socket, frame.link_destination};
  if (advertisement->router_lifetime != 0) {
    farewells_.erase(key);
    return;
  }
  auto& farewell = farewells_[key];
  if (farewell.times == 0 || farewell.life != life_of(socket)) {
    farewell = {life_of(socket), world_.queue.now(), 0, false};
    world_.queue.after(kSpan, [this, key, since = farewell.since] { judge(key, since); });
  }
  if (++farewell.times > kTimes)
    world_.broken(fmt::format("mag{} does not stop saying that it goes", socket.mag));
}

void FarewellChecks::judge(const Key& key, Duration since) {
  const auto farewell = farewells_.find(key);
  if (farewell == farewells_.end() || farewell->second.since != since) return;
  const bool is_same = farewell->second.life == life_of(key.first);
  const auto times = farewell->second.times;
  if (is_same && !farewell->second.may_end && times < kTimes)
    world_.broken(fmt::format("mag{} says {} times that it goes", key.first.mag, times));
  farewells_.erase(farewell);
}

}  // namespace flowmob::sim
