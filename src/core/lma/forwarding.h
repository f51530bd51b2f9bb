// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <vector>

#include "core/binding/mobile_node.h"
#include "core/lma/effect_queue.h"
#include "core/peer/own_address.h"

namespace flowmob::core {

/// The rows that one mobile node's state asks for. An empty set: none.
struct NodeRows {
  struct Classifier {
    std::vector<Ipv6Prefix> prefixes;
    FlowIndex default_flow;
    std::vector<ClassifierRule> rules;
    std::optional<Ipv4Address> ipv4;
    friend bool operator==(const Classifier&, const Classifier&) = default;
  };
  struct Path {
    Ipv6Address lma, mag;
    std::vector<Ipv6Prefix> prefixes;
    std::uint16_t mtu{};
    std::optional<Ipv4Address> ipv4;
    Tunnelling tunnelling{};
    friend bool operator==(const Path&, const Path&) = default;
  };
  NodeIndex node;
  std::optional<Classifier> classifier;
  std::map<SessionId, Path> sessions;  ///< those alive: in delete-wait its traffic is dropped (section 5.3.5)
  struct FlowWay {
    SessionId session;
    Spread spread;
    friend bool operator==(const FlowWay&, const FlowWay&) = default;
  };
  /// Uplink alone, by a gateway that the session was handed off from: rows that stand already.
  struct Uplink {
    std::vector<Ipv6Prefix> prefixes;
    std::optional<Ipv4Address> ipv4;
    friend bool operator==(const Uplink&, const Uplink&) = default;
  };
  std::map<std::pair<SessionId, Ipv6Address>, Uplink> former;
  std::map<FlowIndex, FlowWay> flows;
  std::map<Ipv6Prefix, Ipv6Address> routes;  ///< with the MAG that locally made packets go by
  struct Ipv4Way {
    Ipv6Address via_mag;
    std::uint16_t mtu{};
    TunnelHeaders tunnels{};
    friend bool operator==(const Ipv4Way&, const Ipv4Way&) = default;
  };
  std::map<Ipv4Address, Ipv4Way> ipv4_routes;
};

NodeRows rows_of(const MobileNode& node, const OwnAddress& lma);
/// Whether two states of a node ask for the same rows. Far quicker than asking for them.
bool same_rows(const MobileNode& a, const MobileNode& b);

/// From one set of rows to another without a moment in which a packet finds none: all that is new stands
/// before anything old goes. Also counts who uses which tunnel.
class Forwarding {
 public:
  /// What is in `to` and not, or differently, in `from`; pointed-to rows before those that point.
  std::vector<LmaAction> establish(const NodeRows& from, const NodeRows& to, std::uint32_t generation);
  /// What is in `from` and not in `to`; pointing rows before those pointed to.
  std::vector<LmaAction> retire(const NodeRows& from, const NodeRows& to);

  void tunnel_stands(const EnsureTunnel& tunnel);

  struct Tunnel {
    Ipv6Address local;
    std::uint64_t incarnation{};
    bool stands = false;
    std::set<SessionId> sessions;
  };
  const std::map<Ipv6Address, Tunnel>& tunnels() const { return tunnels_; }
  /// Grows whenever one comes or goes.
  std::uint64_t tunnel_changes() const { return tunnel_changes_; }

 private:
  void use_tunnel(const Ipv6Address& lma, const Ipv6Address& mag, SessionId session,
                  std::vector<LmaAction>& out);
  void leave_tunnel(const Ipv6Address& mag, SessionId session, std::vector<LmaAction>& out);
  void retire_uplink(SessionId session, const Ipv6Address& mag, const NodeRows::Uplink& rows,
                     const NodeRows& to, std::vector<LmaAction>& out);
  void retire_sessions(const NodeRows& from, const NodeRows& to, std::vector<LmaAction>& out);

  std::map<Ipv6Address, Tunnel> tunnels_;  ///< by the MAG's address
  std::uint64_t tunnel_changes_ = 0;
};

}  // namespace flowmob::core
