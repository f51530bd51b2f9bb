// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/shared.h"
#include "base/time.h"
#include "core/flow/flow_rule.h"
#include "core/ipv4_home.h"
#include "core/lma/flow_order.h"
#include "core/peer/config.h"

namespace flowmob::core {

/// Whether packets to and from a MAG have a GRE header (RFC 5845).
enum class GrePolicy {
  Never,     ///< whoever asks for it is told that it is not needed
  OnDemand,  ///< if the MAG asks for it
  Required,  ///< with keys; who does not ask is refused
};

/// A MAG that may register mobile nodes here.
struct MagPeer {
  std::string name;
  Ipv6Address address;             ///< its Proxy-CoA
  bool global_revocation = false;  ///< it may end all its sessions at once (RFC 5846 section 13)
  /// Further ones that it may register, also as Alternate Care-of Address, and by several paths at once
  /// (RFC 8278).
  std::vector<Ipv6Address> care_of_addresses{};

  GrePolicy gre = GrePolicy::Never;

  std::vector<Ipv6Address> addresses() const {
    std::vector<Ipv6Address> all{address};
    all.insert(all.end(), care_of_addresses.begin(), care_of_addresses.end());
    return all;
  }
  bool has(const Ipv6Address& any) const {
    return any == address || std::ranges::find(care_of_addresses, any) != care_of_addresses.end();
  }
  friend bool operator==(const MagPeer&, const MagPeer&) = default;
};

/// Where somebody or something is permitted, by what the MAG says of the access network (RFC 6757). Both
/// empty: anywhere, also where it says nothing.
struct AccessRule {
  std::vector<std::string> networks;   ///< names: SSIDs, PLMNs
  std::vector<std::string> operators;  ///< realms, or enterprise numbers in digits
  friend bool operator==(const AccessRule&, const AccessRule&) = default;
};

/// What a Service Selection identifier stands for (RFC 5149): authorisation and the flows that follow it.
struct ServiceProfile {
  std::string identifier;  ///< matched octet by octet
  std::string name;
  std::vector<Shared<FlowTemplate>> flows;  ///< every binding of it shares it
  bool is_default = false;  ///< the session that carries it takes all traffic that no flow matches
  AccessRule access{};
  friend bool operator==(const ServiceProfile&, const ServiceProfile&) = default;
};

/// Who says where a node's flows go (RFC 7864 section 3.2: one of them).
enum class Decider {
  Anchor,    ///< rules, services and commands
  Gateways,  ///< the flow options of Proxy Binding Updates, which speak for the node; services beside them
};

/// What nodes of one group have in common.
struct NodeGroup {
  std::string name;
  std::optional<Decider> decider{};
  std::optional<MoveOrder> order{};
  std::optional<SeveralBindings> several_bindings{};
  friend bool operator==(const NodeGroup&, const NodeGroup&) = default;
};

/// A mobile node's policy profile (RFC 5213 section 6.2, the LMA's view).
struct PolicyProfile {
  std::string mn_id;
  bool enabled = true;                           ///< false: status 152
  std::vector<Ipv6Prefix> prefixes;              ///< permanently its own; empty: one from the pools
  std::vector<MacAddress> link_layer;            ///< empty: any
  std::vector<std::string> services;             ///< identifiers it may use; empty: none
  std::vector<std::string> mags;                 ///< names of MAGs that may register it; empty: all
  IpVersions ip_versions = IpVersions::Dual;     ///< what it is entitled to (RFC 5844 section 3.2.2)
  std::optional<Ipv4Address> ipv4_address = {};  ///< permanently its own; none: one from the pools
  AccessRule access{};
  std::string group{};                                ///< of flow policies
  std::optional<Decider> decider{};                   ///< instead of the group's
  std::optional<MoveOrder> order{};                   ///< likewise
  std::optional<SeveralBindings> several_bindings{};  ///< likewise
  std::vector<Ipv6Prefix> delegated_prefixes{};       ///< of the network behind it (RFC 7148)
  friend bool operator==(const PolicyProfile&, const PolicyProfile&) = default;
};

/// Protocol configuration of an LMA; the variables of RFC 5213 section 9.1 with their defaults.
struct LmaConfig {
  std::string name = "lma";
  Ipv6Address address;
  std::optional<Ipv4Address> ipv4_address = {};  ///< IPv4-LMAA, towards MAGs whose address is IPv4-mapped
  std::vector<Ipv6Prefix> pools;
  std::vector<Ipv4Interface> ipv4_pools;  ///< as their default routers' interfaces; empty: no IPv4 here
  bool ipv4_dhcp_server = true;  ///< MAGs are told to be DHCP servers, not relays (RFC 5844 section 3.3.4)
  bool accept_forced_ipv4_udp = false;  ///< AcceptForcedIPv4UDPEncapsulationRequest (RFC 5844 section 5.1)
  std::uint16_t tunnel_mtu = 1460;
  bool share_prefixes =
      true;  ///< one prefix set for all of a node's sessions, also where the MAG says HI 1 or 4
  /// Wait for a de-registration when a MAG says HI 4 (section 5.4.1.3). Where prefixes are shared there is
  /// little to wait for: not set, only interfaces with prefixes of their own wait.
  std::optional<bool> hold_unknown_handoff;
  bool holds_unknown_handoff() const { return hold_unknown_handoff.value_or(!share_prefixes); }

  Duration min_delay_before_bce_delete = std::chrono::milliseconds(10000);
  Duration max_delay_before_new_bce_assign = std::chrono::milliseconds(1500);
  Duration timestamp_validity_window = std::chrono::milliseconds(300);
  bool mobile_node_generated_timestamp = false;  ///< section 9.3: no such window, the order alone
  Duration max_lifetime = std::chrono::hours(1);
  /// How long flows that another link still carries wait for a link that has just come: its MAG delivers
  /// nothing before it has our answer.
  Duration new_link_delay = std::chrono::milliseconds(50);
  /// How long what a node has sent by the gateway that it was handed off from still goes on; zero: not at
  /// all.
  Duration former_gateway_grace = std::chrono::milliseconds(500);
  unsigned binding_errors_per_second = 10;
  unsigned handover_history = 1000;  ///< moves of flows that are remembered
  HeartbeatConfig heartbeat;
  RevocationConfig revocation;
  NotificationConfig notification;

  std::vector<MagPeer> mags;
  std::vector<ServiceProfile> services;
  std::vector<PolicyProfile> mobile_nodes;
  OrderConfig order{};                ///< of moves of flows, unless the node, its group or a command says
  Decider decider = Decider::Anchor;  ///< of nodes for which neither they nor their group say
  SeveralBindings several_bindings = SeveralBindings::Copies;  ///< likewise
  std::vector<NodeGroup> groups{};
  std::vector<Shared<FlowPolicy>> flow_policies{};
  friend bool operator==(const LmaConfig&, const LmaConfig&) = default;
};

/// The node's own, else its group's, else the anchor's.
template <class T>
T setting_of(const LmaConfig& config, const PolicyProfile& node, std::optional<T> PolicyProfile::*own,
             std::optional<T> NodeGroup::*of_group, T otherwise) {
  const auto group = std::ranges::find(config.groups, node.group, &NodeGroup::name);
  if (group != config.groups.end()) otherwise = ((*group).*of_group).value_or(otherwise);
  return (node.*own).value_or(otherwise);
}

inline Decider decider_of(const LmaConfig& config, const PolicyProfile& node) {
  return setting_of(config, node, &PolicyProfile::decider, &NodeGroup::decider, config.decider);
}

inline SeveralBindings several_bindings_of(const LmaConfig& config, const PolicyProfile& node) {
  return setting_of(config, node, &PolicyProfile::several_bindings, &NodeGroup::several_bindings,
                    config.several_bindings);
}

inline OrderConfig order_of(const LmaConfig& config, const PolicyProfile& node) {
  return {setting_of(config, node, &PolicyProfile::order, &NodeGroup::order, config.order.order),
          config.order.deadline};
}

}  // namespace flowmob::core
