// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "access.h"
#include "lma_node.h"
#include "mag_node.h"
#include "mn_node.h"
#include "names.h"
#include "network.h"
#include "packet.h"

namespace flowmob::sim {

/// PerNode: an access interface for every node, whose carrier tells of it. Shared: one for all nodes' member
/// links of a kind; the access network tells the gateway by command who comes and goes.
enum class Links { PerNode, Shared };

/// How a simulated domain differs from the usual one.
struct DomainOptions {
  std::uint64_t seed = 1;
  std::size_t nodes = 1;
  std::size_t mags = 2;
  std::size_t members = 2;  ///< of a node
  Links links = Links::PerNode;
  std::function<void(core::LmaConfig&)> lma = [](core::LmaConfig&) {};
  std::function<void(std::size_t mag, core::MagConfig&)> mag = [](std::size_t, core::MagConfig&) {};
  std::function<void(std::size_t node, core::MnConfig&)> mn = [](std::size_t, core::MnConfig&) {};
};

enum class Notice { Given, Silent };

/// The draft's Figure 3 on virtual time: an anchor, two gateways, mobile nodes with an interface each to
/// both; or more of everything. Member link n of a node belongs to gateway n, unless it is plugged in
/// elsewhere.
class Domain {
 public:
  explicit Domain(const DomainOptions& options);

  World world;
  Network network{world};
  AccessNetwork access{world};
  std::unique_ptr<LmaNode> lma;
  std::vector<std::unique_ptr<MagNode>> mags;
  std::vector<std::unique_ptr<MnNode>> mns;

  void start_all();
  void run_for(Duration span) { world.queue.run_for(span); }

  void plug(Port port, std::size_t mag);
  void plug(Port port) { plug(port, home_of(port)); }
  /// The gateway that it is plugged into if nothing else is said.
  std::size_t home_of(Port port) const {
    return links_ == Links::PerNode ? port.member : (port.node + port.member) % mags.size();
  }
  /// The link is gone. Silent: neither end sees it, as when a radio fades.
  void unplug(Port port, Notice notice = Notice::Given);
  /// The gateway learns that the node left it.
  void tell_of_departure(Port port, Socket socket);
  /// The gateway is told by command that the node is there.
  void tell_of_arrival(Port port, std::size_t mag);
  /// The access network tells a gateway who is there; it may have missed something.
  void tell_stations(std::size_t mag);
  void plug_all();
  /// Of a gateway: the carrier of its links goes and comes with it.
  void lose_power(std::size_t mag);
  void regain_power(std::size_t mag);
  void unplug_all();

  Result<core::Json> move_flow(std::size_t node, const std::string& flow, std::size_t mag);

  Walk walk_down(std::size_t node, const Flow& flow) const;
  Walk walk_up(std::size_t node, const Flow& flow) const;
  Walk walk_down(std::size_t node, const Packet& packet) const;
  Walk walk_up(std::size_t node, const Packet& packet) const;

  static const std::vector<Flow>& flows();
  static std::string mn_id(std::size_t node) { return mn_id_of(node); }
  InterfaceIndex access_index(Port port) const;
  std::string access_name(Port port) const;
  std::size_t members() const { return members_; }
  /// A packet by this session to its node and back.
  std::optional<Duration> round_trip(SessionId session) const;
  std::optional<std::size_t> mag_at(const Ipv6Address& address) const;
  std::optional<Port> port_of(const MacAddress& mac) const;
  const MacAddress& mac_of(Port port) const {
    return mns.at(port.node)->config().members.at(port.member).mac;
  }
  /// The gateway delivers to the node's interface.
  bool hosts(std::size_t mag, Port port) const;
  /// How often it was plugged in.
  std::uint64_t visits(Port port) const;
  /// A gateway that runs was told of it.
  std::function<void(Port, std::size_t mag)> on_departure;

  static const Ipv6Address& correspondent();
  /// The node's addresses that correspondents use now: of all its sets of prefixes.
  std::vector<Ipv6Address> addresses_of(std::size_t node) const;

 private:
  Walk walk_down_by(std::size_t node, const Packet& packet, SessionId session) const;
  Walk walk_up_by(Port port, const Packet& packet) const;
  void connect_access();
  void set_carrier(std::size_t mag, bool up);
  core::AccessConfig access_config(std::size_t mag, Port port) const;

  core::LmaConfig lma_config(const DomainOptions& options) const;
  core::MagConfig mag_config(const DomainOptions& options, std::size_t mag) const;
  core::MnConfig mn_config(std::size_t node) const;

  Links links_;
  std::size_t members_;
  std::map<Ipv6Address, std::size_t> mag_numbers_;
  std::map<Port, std::uint64_t> visits_;
};

}  // namespace flowmob::sim
