// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "chance.h"
#include "core/lma/effect.h"

/// A small domain at random: mobile nodes with rules, flows and sessions, as the anchor would have its data
/// plane have them, or as no anchor would.
namespace flowmob::dataplane::testing {

constexpr std::string_view kAnchor = "2001:db8:f::1", kAnchor4 = "203.0.113.1", kGateway1 = "2001:db8:a::1",
                           kGateway2 = "2001:db8:b::1", kGateway4 = "203.0.113.9",
                           kUnreachable = "2001:db8:dead::1", kCorrespondents = "2001:db8:c::";

struct World {
  std::vector<core::InstallNode> nodes;
  std::vector<core::InstallSession> sessions;
  std::vector<core::InstallFlow> flows;
  std::vector<FlowIndex> dropping;  ///< of `flows`: the binding says drop

  /// Whose the address is, of IPv4 an IPv4-mapped one.
  const core::InstallNode* node_at(const Ipv6Address& address) const;
  const core::InstallSession* session(SessionId id) const;
  const core::InstallFlow* flow(FlowIndex index) const;
  bool drops(FlowIndex index) const;
};

/// At one gateway that has all gateways' addresses: each node is attached by the first of its sessions that
/// is by one of them.
std::vector<core::InstallSession> attachments(const World& world);
MacAddress link_address_of(NodeIndex node);
constexpr std::string_view kLinkRouter = "02:00:00:00:09:fe", kLinkRouter4 = "192.0.2.1";

/// Flows of worlds with different numbers have different ones.
World random_world(Chance& chance, std::uint32_t number);

/// As few lines as say it all: for a failure's message.
std::string to_string(const World& world);

// What packets and selectors have in common, so that they meet.
Ipv6Address random_correspondent(Chance& chance);
Ipv6Address random_correspondent4(Chance& chance);
Ipv6Address random_home(Chance& chance, const World& world);
std::uint16_t random_port(Chance& chance);
std::uint32_t random_spi(Chance& chance);
std::uint32_t random_label(Chance& chance);
std::uint8_t random_protocol(Chance& chance);

}  // namespace flowmob::dataplane::testing
