// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/strong_id.h"
#include "base/time.h"
#include "core/flow/flow_rule.h"
#include "core/ipv4_home.h"
#include "core/mag/access_network.h"
#include "core/peer/config.h"
#include "wire/enums.h"

namespace flowmob::core {

/// A flow that may be announced to the LMA: it is to go by the link that announces it (RFC 6089).
struct AnnouncedFlow {
  FlowTemplate flow;
  bool at_attachment = true;  ///< else when a command says so
  /// The node's other links that carry it, too, as they are called (BID). The LMA refuses it while it knows
  /// none by one of these numbers.
  std::vector<std::uint16_t> also_by = {};
  friend bool operator==(const AnnouncedFlow&, const AnnouncedFlow&) = default;
};

/// What an attachment on a link is called in flow options.
struct BindingNumber {
  std::uint16_t id = 1;                       ///< BID
  std::optional<std::uint8_t> priority = {};  ///< BID-PRI; none: it is said only beside flows
  friend bool operator==(const BindingNumber&, const BindingNumber&) = default;
};

/// One access link of a MAG, and what an attachment on it stands for.
struct AccessConfig {
  std::string name;
  std::string interface;    ///< the interface's name, for people
  InterfaceIndex index;     ///< filled in by whoever knows the system
  MacAddress link_address;  ///< the router's link-layer address on this link, likewise
  std::uint16_t link_mtu = 1500;
  wire::AccessTechnology technology = wire::AccessTechnology::Ethernet;
  std::vector<std::string> services;  ///< Service Selection identifiers; the SSID or APN stands for them
  wire::HandoffIndicator handoff_indicator = wire::HandoffIndicator::NewInterfaceSharingPrefixes;
  bool attach_on_router_solicitation = true;
  bool attach_on_carrier =
      false;  ///< the one node whose profile names this access attaches when the link comes up
  bool fixed_link_layer_address = true;      ///< RFC 6543
  AccessNetwork network;                     ///< what registrations say of it
  std::optional<Ipv6Prefix> visited_prefix;  ///< for nodes without mobility service; none: they get nothing
  BindingNumber binding;
  std::vector<AnnouncedFlow> flows;
  bool delegates = false;       ///< the LMA is asked for prefixes of the networks behind nodes (RFC 7148)
  bool observes_flows = false;  ///< nodes move flows by themselves, and the LMA is told (docs/adr/0062)
  friend bool operator==(const AccessConfig&, const AccessConfig&) = default;
};

/// A mobile node's policy profile (RFC 5213 section 6.2, the MAG's view).
struct MagPolicyProfile {
  std::string mn_id;
  std::vector<MacAddress> link_layer;                ///< how it is known on the link
  std::optional<std::vector<std::string>> services;  ///< instead of the access's
  std::string access;                                ///< for attach_on_carrier; empty: any
  std::optional<IpVersions> ip_versions = {};        ///< instead of the gateway's
  std::optional<Ipv4Interface> ipv4_address = {};    ///< the home address to ask for; none: any
  std::vector<AnnouncedFlow> flows = {};             ///< beside the access's; of one name it is this one
  std::optional<bool> observes_flows = {};           ///< instead of the access's
  std::optional<bool> delegates = {};                ///< likewise
  friend bool operator==(const MagPolicyProfile&, const MagPolicyProfile&) = default;
};

/// A way to the LMA with a care-of address of its own (RFC 8278).
struct PathConfig {
  Ipv6Address address;
  wire::AccessTechnology technology = wire::AccessTechnology::Ethernet;
  std::uint8_t label{};  ///< what kind of way it is, for policies of both ends
  friend bool operator==(const PathConfig&, const PathConfig&) = default;
};

/// Whether packets to and from the LMA have a GRE header (RFC 5845). One that requires it is asked with keys.
enum class GreWish { None, Gre, Keys };

/// Protocol configuration of a MAG.
struct MagConfig {
  std::string name = "mag";  ///< also its identity (RFC 5846 section 9.2)
  Ipv6Address address;       ///< Proxy-CoA
  Ipv6Address lma;           ///< LMAA
  /// Every way to the LMA, the first with `address`; a node is registered by each if the LMA agrees. Empty:
  /// just by that address.
  std::vector<PathConfig> paths;
  bool has_address(const Ipv6Address& any) const;
  std::vector<Ipv6Address> addresses() const {
    std::vector<Ipv6Address> all{address};
    for (std::size_t i = 1; i < paths.size(); ++i) all.push_back(paths[i].address);
    return all;
  }
  GreWish gre = GreWish::None;
  bool force_ipv4_udp = false;  ///< ForceIPv4UDPEncapsulationSupport (RFC 5844 section 5.2)
  std::uint16_t tunnel_mtu = 1460;
  Ipv6Address router_link_local = Ipv6Address::parse("fe80::200:5eff:fe00:5213").value();  ///< RFC 6543

  IpVersions ip_versions = IpVersions::Ipv6;            ///< of nodes whose profile does not say
  Duration dhcp_lease_time = std::chrono::minutes(30);  ///< of IPv4 home addresses
  /// Whom to ask where the LMA wants a relay (RFC 5844 section 3.4.2), and our address towards them.
  std::vector<Ipv4Address> dhcp_servers;
  Ipv4Address dhcp_relay_address;

  Duration lifetime = std::chrono::minutes(10);                ///< asked for in a PBU; at least 4 s
  Duration initial_bindack_timeout = std::chrono::seconds(1);  ///< RFC 6275 section 12
  Duration max_bindack_timeout = std::chrono::seconds(32);
  Duration neighbor_probe_interval = std::chrono::seconds(30);  ///< of silence; zero: nobody is asked
  unsigned neighbor_probes = 3;                                 ///< unanswered: gone
  Duration neighbor_probe_timeout = std::chrono::seconds(1);    ///< RETRANS_TIMER, RFC 4861 section 10
  Duration router_advertisement_interval = std::chrono::seconds(60);
  HeartbeatConfig heartbeat;
  RevocationConfig revocation;
  std::uint16_t router_lifetime = 1800;     ///< seconds
  unsigned binding_errors_per_second = 10;  ///< and Parameter Problems; answers to strangers

  /// RFC 5213 sections 9.2 and 9.3.
  bool local_routing = false;           ///< EnableMAGLocalRouting
  bool timestamps = true;               ///< TimestampBasedApproachInUse; else sequence numbers
  bool mobile_node_timestamps = false;  ///< MobileNodeGeneratedTimestampInUse
  /// FixedMAGLinkLayerAddressOnAllAccessLinks; ALL_ZERO: each link has its own.
  MacAddress router_link_layer{{0x00, 0x00, 0x5e, 0x00, 0x52, 0x13}};

  std::vector<AccessConfig> accesses;
  std::vector<MagPolicyProfile> mobile_nodes;
  bool observes_flows() const;  ///< of any node
  friend bool operator==(const MagConfig&, const MagConfig&) = default;
};

}  // namespace flowmob::core
