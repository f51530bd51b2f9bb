// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>

#include <algorithm>

#include "core/mn/logical_interface.h"
#include "wire/neighbor_discovery.h"

/// A logical interface of two members, if1 and if2, on virtual time.
namespace flowmob::core {

using namespace std::chrono_literals;

inline constexpr std::uint32_t kForever = 0xffffffff;
inline const Ipv6Address kFixedRouter = Ipv6Address::parse("fe80::200:5eff:fe00:5213").value();  // RFC 6543
inline const MacAddress kFixedMac = MacAddress::parse("00:00:5e:00:52:13").value();
inline const MacAddress kMac1 = MacAddress::parse("02:00:00:00:01:01").value();
inline const MacAddress kMac2 = MacAddress::parse("02:00:00:00:01:02").value();
inline const Ipv6Address kAllNodes = Ipv6Address::parse("ff02::1").value();
inline constexpr InterfaceIndex kIf1{11}, kIf2{12};

/// Routers are not asked whether they are there.
inline MnConfig configuration() {
  MnConfig config;
  config.router_probe_interval = {};
  config.mac = kMac1;
  config.members = {{"if1", wire::AccessTechnology::Wimax, kIf1, kMac1},
                    {"if2", wire::AccessTechnology::Wlan, kIf2, kMac2}};
  return config;
}

/// Each router each second; after two questions without an answer it is silent.
inline MnConfig asking() {
  MnConfig config = configuration();
  config.router_probe_interval = 1s;
  config.router_probes = 2;
  return config;
}

struct Ra {
  Ipv6Address router = kFixedRouter;
  MacAddress mac = kFixedMac;
  std::uint16_t lifetime = 1800;
  std::uint32_t mtu = 1460;
  std::uint32_t valid = 86400, preferred = 86400;
  std::string prefix = "2001:db8:100::";
  std::uint8_t hop_limit = 255;
};

/// A logical interface, its time, and what it asked for so far.
class Lif : public ::testing::Test {
 protected:
  explicit Lif(MnConfig config = configuration()) : lif_(std::move(config)) {}

  LogicalInterface lif_;
  Now now_{TimePoint(1000s), WallTime(1s)};
  std::vector<MnEffect> effects_;

  /// Everything asked for since the last call, of one kind.
  template <class Action>
  std::vector<Action> asked() {
    drain();
    std::vector<Action> found;
    std::erase_if(effects_, [&](const MnEffect& effect) {
      const auto* action = std::get_if<Action>(&effect.action);
      if (action != nullptr) found.push_back(*action);
      return action != nullptr;
    });
    return found;
  }
  std::vector<std::string> events() {
    std::vector<std::string> names;
    for (const auto& notify : asked<Notify>()) names.push_back(notify.event);
    return names;
  }
  void drain() {
    while (auto effect = lif_.poll_effect()) effects_.push_back(std::move(*effect));
  }
  void forget() {
    drain();
    effects_.clear();
  }

  void link(InterfaceIndex interface, bool up) { lif_.handle_link(now_, interface, up); }
  void advertise(InterfaceIndex interface, const Ra& ra = {}) {
    wire::RouterAdvertisement message;
    message.router_lifetime = ra.lifetime;
    message.options.emplace_back(
        wire::SourceLinkLayerAddress{Bytes(ra.mac.octets.begin(), ra.mac.octets.end())});
    if (ra.mtu != 0) message.options.emplace_back(wire::Mtu{ra.mtu});
    if (!ra.prefix.empty())
      message.options.emplace_back(wire::PrefixInformation{64, true, true, ra.valid, ra.preferred,
                                                           Ipv6Address::parse(ra.prefix).value()});
    lif_.handle_neighbor_discovery(now_, {ra.router, kAllNodes, interface, kFixedMac, ra.hop_limit},
                                   wire::encode_nd(message, ra.router, kAllNodes));
  }
  /// Moves time, calling at every deadline on the way.
  void pass(Duration duration) {
    const Now end = now_ + duration;
    while (const auto deadline = lif_.poll_timeout()) {
      if (*deadline > end.monotonic) break;
      now_ = now_ + (std::max(*deadline, now_.monotonic) - now_.monotonic);
      lif_.handle_timeout(now_);
      drain();
    }
    now_ = end;
  }
  void both_attached() {
    link(kIf1, true);
    link(kIf2, true);
    advertise(kIf1);
    advertise(kIf2);
    forget();
  }
  Json links() { return lif_.handle_command(now_, "show links", Json::object()).value(); }
  std::uint64_t drops(const std::string& reason) {
    return lif_.handle_command(now_, "show statistics", Json::object()).value()["drops"].value(reason, 0U);
  }
};

}  // namespace flowmob::core
