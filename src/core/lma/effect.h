// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <variant>
#include <vector>

#include "core/effect.h"
#include "core/flow/spread.h"
#include "core/lma/flow_order.h"
#include "core/lma/record.h"
#include "core/tunnelling.h"
#include "wire/traffic_selector.h"

/// What a LocalMobilityAnchor asks for. The Install effects mirror the rows of the data plane and are
/// idempotent.
namespace flowmob::core {

/// Rules are tried in ascending order; the first that matches names the flow.
struct ClassifierRule {
  std::uint32_t order{};
  FlowIndex flow;
  wire::TrafficSelector6 selector;  ///< downlink direction
  friend bool operator==(const ClassifierRule&, const ClassifierRule&) = default;
};

/// A mobile node's classifier, replaced as a whole: its rows carry the generation.
struct InstallNode {
  NodeIndex node;
  std::vector<Ipv6Prefix> prefixes;
  FlowIndex default_flow;  ///< what no rule matches
  std::uint32_t generation{};
  std::vector<ClassifierRule> rules;
  std::optional<Ipv4Address> ipv4 = {};
};
struct RemoveNode {
  NodeIndex node;
  std::vector<Ipv6Prefix> prefixes;
  std::optional<Ipv4Address> ipv4 = {};
};

/// Forwarding of a node's prefixes and IPv4 home address through one MAG, both ways.
struct InstallSession {
  SessionId session;
  NodeIndex node;
  Ipv6Address lma;
  Ipv6Address mag;
  std::vector<Ipv6Prefix> prefixes;
  std::uint16_t mtu{};
  std::optional<Ipv4Address> ipv4 = {};
  Tunnelling tunnelling{};
};
struct RemoveSession {
  SessionId session;
  Ipv6Address mag;
  std::vector<Ipv6Prefix> prefixes;
  bool keep_uplink = false;  ///< another session of the node uses the same MAG
  std::optional<Ipv4Address> ipv4 = {};
};

/// Where a flow goes; to move it is one write.
struct InstallFlow {
  FlowIndex flow;
  NodeIndex node;
  SessionId session;                    ///< zero: no live session, drop
  Spread spread{};                      ///< the sessions that it takes at a time, if there are several
  std::optional<FlowOrder> order = {};  ///< how it leaves the session before; none: at once
};
/// Of a flow that is being moved in order; nothing where it is not.
struct AdjustOrder {
  FlowIndex flow;
  Duration gap{};
};
/// What became of it so far is wanted by handle_flow_order().
struct ReadOrder {
  FlowIndex flow;
};
/// What has not turned yet turns now.
struct EndOrder {
  FlowIndex flow;
};
/// One whole packet, through the tunnel of this session whatever its flow's is.
struct SendBySession {
  SessionId session;
  Bytes packet;
};
struct RemoveFlow {
  FlowIndex flow;
};

/// From now on the flow's packets are counted by the session that carries them, in the place of an earlier
/// watch. What has been seen is wanted by handle_flow_watch(); no watch outlives its flow or session.
struct WatchFlow {
  FlowIndex flow;
  SessionId from;  ///< zero: none
  SessionId to;
};
/// The same of a session that goes on by another MAG: whatever its flow, a packet is counted by the tunnel.
struct WatchSession {
  SessionId session;
  Ipv6Address from;  ///< MAGs
  Ipv6Address to;
  std::vector<FlowIndex> flows;  ///< that went by it: when they last came is known
};
/// A flow, or a session that is handed off: one of the two.
struct Watched {
  FlowIndex flow{};
  SessionId session{};
  friend auto operator<=>(const Watched&, const Watched&) = default;
};
struct ReadWatch {
  HandoverId handover;
  Watched what;
};
struct EndWatch {
  Watched what;
};

/// The LMA attracts the prefix (RFC 5213 section 5.6.1) and answers for what cannot be forwarded.
struct EnsureRoute {
  Ipv6Prefix prefix;
  Ipv6Address via_mag;  ///< locally made packets leave the way this MAG is reached
};
struct RemoveRoute {
  Ipv6Prefix prefix;
};

/// Octets that a tunnel's headers take from what the path to its MAG carries.
using TunnelHeaders = std::map<Ipv6Address, std::uint16_t>;

/// The same for an IPv4 home address (RFC 5844 section 3.1.2.2). What is longer than `mtu`, or than one of
/// the tunnels carries that a packet of the node may take, the kernel cuts or answers before it meets the
/// tunnel.
struct EnsureIpv4Route {
  Ipv4Address address;
  Ipv6Address via_mag;
  std::uint16_t mtu{};
  TunnelHeaders tunnels{};
};
struct RemoveIpv4Route {
  Ipv4Address address;
};

/// Kept by the number: an MN-ID has a record for each set of prefixes.
struct PersistNode {
  NodeRecord record;
};
struct ForgetNode {
  NodeIndex node;
  std::string mn_id;
};

struct LmaEffect {
  EffectId id;
  std::variant<SendMessage, Notify, EnsureTunnel, RemoveTunnel, InstallNode, RemoveNode, InstallSession,
               RemoveSession, InstallFlow, RemoveFlow, EnsureRoute, RemoveRoute, EnsureIpv4Route,
               RemoveIpv4Route, PersistNode, ForgetNode, SendIcmpv6, SendPacket, WatchFlow, WatchSession,
               ReadWatch, EndWatch, AdjustOrder, ReadOrder, EndOrder, SendBySession>
      action;
};

}  // namespace flowmob::core
