// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/mag/mobile_access_gateway.h"
#include "wire/mobility_header.h"
#include "wire/neighbor_discovery.h"

namespace flowmob::core {

inline Ipv6Address address(std::string_view text) { return Ipv6Address::parse(text).value(); }
inline Ipv6Prefix prefix(std::string_view text) { return Ipv6Prefix::parse(text).value(); }
inline MacAddress mac(std::string_view text) { return MacAddress::parse(text).value(); }

inline const Ipv6Address kMag = address("2001:db8:a::1");
inline const Ipv6Address kLma = address("2001:db8:1::1");
inline const Ipv6Address kRouter = address("fe80::200:5eff:fe00:5213");
inline const MacAddress kRouterMac = mac("00:00:5e:00:52:13");
inline const MacAddress kNode = mac("02:00:00:00:00:01");
inline const MacAddress kNodeOther = mac("02:00:00:00:00:02");
inline const MacAddress kSecondNode = mac("02:00:00:00:00:11");
inline const Ipv6Address kNodeAddress = address("fe80::ff:fe00:1");
inline const Ipv6Prefix kHomePrefix = prefix("2001:db8:100:1::/64");
inline constexpr InterfaceIndex kWlan{5};
inline constexpr InterfaceIndex kWimax{6};

/// A gateway on virtual time. What it asks for is carried out in memory; messages are decoded.
class MagFixture : public ::testing::Test {
 protected:
  MagFixture();

  static MagConfig default_config();
  /// Starts anew: what was seen so far is forgotten.
  void start(const MagConfig& config);

  // Input.
  void solicit(const MacAddress& node = kNode, const Ipv6Address& source = kNodeAddress,
               InterfaceIndex interface = kWlan);
  void neighbor_solicit(const MacAddress& node, const Ipv6Address& source, InterfaceIndex interface = kWlan);
  void neighbor_discovery(const wire::NdMessage& message, PacketMeta meta);
  void link(bool up, InterfaceIndex interface = kWlan);
  Result<Json> command(std::string_view name, const Json& arguments);
  /// Answers the last Proxy Binding Update as an LMA would, after `change`.
  template <class Change>
  void answer(Change change) {
    auto ack = answer_to(last_update);
    change(ack);
    deliver(ack);
  }
  void accept() {
    answer([](auto&) {});
  }
  void reject(wire::BindingStatus status) {
    answer([status](auto& ack) { ack.status = status; });
  }
  wire::ProxyBindingAcknowledgement answer_to(const wire::ProxyBindingUpdate& update) const;
  void deliver(const wire::MobilityMessage& message, const Ipv6Address& source = kLma);
  void deliver_bytes(const Bytes& bytes, const Ipv6Address& source = kLma);
  /// Time passes in steps from deadline to deadline.
  void advance(Duration duration);
  void drain();

  // What happened.
  Json bindings() const;
  Json only_binding() const;
  std::uint64_t counter(const char* kind, const std::string& name) const;
  std::size_t notified(const std::string& event) const;
  Json last_notice(const std::string& event) const;
  static wire::RouterAdvertisement decode(const SendNeighborDiscovery& sent);
  void clear();
  /// Solicits and is registered.
  void register_node();

  Now now{TimePoint(std::chrono::hours(1)), WallTime(std::chrono::hours(24 * 365 * 50))};
  const Now start_time = now;
  std::unique_ptr<MobileAccessGateway> gateway;

  std::vector<wire::ProxyBindingUpdate> updates;
  wire::ProxyBindingUpdate last_update;  ///< clear() keeps it
  std::vector<Duration> update_times;    ///< since the start
  std::vector<SendMessage> messages;
  std::vector<SendIcmpv6> complaints;
  std::vector<Bytes> packets;  ///< sent by the kernel
  std::vector<SendNeighborDiscovery> advertisements;
  std::vector<SendNeighborDiscovery> probes;  ///< Neighbor Solicitations
  std::vector<Duration> advertisement_times;
  std::vector<InstallHost> hosts;
  std::vector<SessionId> removed_hosts;
  std::vector<AttachmentRecord> records;
  std::vector<SessionId> forgotten;
  std::vector<SendFrame> ipv4_frames;
  std::vector<SendDhcpToServer> relayed;
  std::vector<Notify> notices;
  std::vector<std::string> order;  ///< of all effects: "message", "install-host", ...
  int tunnels = 0;                 ///< ensured minus removed
  Result<void> install_outcome;
  bool answer_installs = true;
  std::vector<EffectId> unanswered;

 private:
  struct Carrier;
};

template <class Option>
const Option& option(const wire::ProxyBindingUpdate& update) {
  const auto* found = wire::find<Option>(update.options);
  EXPECT_NE(found, nullptr) << Option::traits.name;
  static const Option none{};
  return found ? *found : none;
}
inline std::string service_of(const wire::ProxyBindingUpdate& update) {
  const auto* found = wire::find<wire::ServiceSelection>(update.options);
  return found ? std::string(found->identifier.begin(), found->identifier.end()) : std::string();
}

}  // namespace flowmob::core
