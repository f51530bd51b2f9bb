// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/mag_fixture.h"

namespace flowmob::core {

inline Ipv4Address ip(const char* text) { return Ipv4Address::parse(text).value(); }
inline const Ipv4Home kIpv4Home{Ipv4Interface::parse("192.0.2.2/24").value(), ip("192.0.2.1")};

/// A gateway whose nodes get both families, and what an LMA answers to that.
class Ipv4Gateway : public MagFixture {
 protected:
  Ipv4Gateway() { start(dual()); }

  static MagConfig dual() {
    auto config = default_config();
    config.ip_versions = IpVersions::Dual;
    config.accesses[0].services.clear();
    return config;
  }
  static MagConfig ipv4_alone() {
    auto config = dual();
    config.ip_versions = IpVersions::Ipv4;
    return config;
  }
  static void assign_ipv4(wire::ProxyBindingAcknowledgement& ack, const Ipv4Home& home = kIpv4Home) {
    std::erase_if(ack.options,
                  [](const auto& o) { return std::holds_alternative<wire::Ipv4HomeAddressRequest>(o); });
    ack.options.emplace_back(wire::Ipv4HomeAddressReply{wire::Ipv4HomeAddressStatus::Success,
                                                        home.address.length, home.address.address});
    ack.options.emplace_back(wire::Ipv4DefaultRouter{home.router});
    ack.options.emplace_back(wire::Ipv4DhcpSupportMode{true});
  }
  void accept_with_ipv4() {
    answer([](auto& ack) { assign_ipv4(ack); });
  }
  void register_with_ipv4() {
    solicit();
    accept_with_ipv4();
    ASSERT_EQ(only_binding().at("state"), "registered");
    ASSERT_EQ(only_binding().at("ipv4_address"), "192.0.2.2/24");
  }
  bool asks_for_ipv4() const {
    return wire::find<wire::Ipv4HomeAddressRequest>(last_update.options) != nullptr;
  }
  bool asks_for_prefixes() const {
    return wire::find<wire::HomeNetworkPrefixOption>(last_update.options) != nullptr;
  }
  wire::Ipv4HomeAddressRequest asked() const { return option<wire::Ipv4HomeAddressRequest>(last_update); }
};

}  // namespace flowmob::core
