// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "access.h"
#include "lma_node.h"
#include "mag_node.h"
#include "mn_node.h"
#include "network.h"
#include "packet.h"

namespace flowmob::sim {

/// How a simulated domain differs from the usual one.
struct DomainOptions {
  std::uint64_t seed = 1;
  std::size_t nodes = 1;
  std::function<void(core::LmaConfig&)> lma = [](core::LmaConfig&) {};
  std::function<void(std::size_t mag, core::MagConfig&)> mag = [](std::size_t, core::MagConfig&) {};
  std::function<void(std::size_t node, core::MnConfig&)> mn = [](std::size_t, core::MnConfig&) {};
};

enum class Notice { Given, Silent };

/// The draft's Figure 3 on virtual time: an anchor, two gateways, mobile nodes with an interface each to
/// both. Member link n of a node belongs to gateway n, unless it is plugged in elsewhere.
class Domain {
 public:
  static constexpr std::size_t kMags = 2;

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
  void plug(Port port) { plug(port, port.member); }
  /// The link is gone. Silent: neither end sees it, as when a radio fades.
  void unplug(Port port, Notice notice = Notice::Given);
  void plug_all();
  /// Of a gateway: the carrier of its links goes and comes with it.
  void lose_power(std::size_t mag);
  void regain_power(std::size_t mag);
  void unplug_all();

  Result<core::Json> move_flow(std::size_t node, const std::string& flow, std::size_t mag);

  Walk walk_down(std::size_t node, const Flow& flow) const;
  Walk walk_up(std::size_t node, const Flow& flow) const;

  static const std::vector<Flow>& flows();
  static std::string mn_id(std::size_t node);
  static InterfaceIndex access_index(std::size_t node);
  static const Ipv6Address& correspondent();
  std::optional<Packet> packet_of(std::size_t node, const Flow& flow) const;

 private:
  void connect_access();
  void set_carrier(std::size_t mag, bool up);

  core::LmaConfig lma_config(const DomainOptions& options) const;
  core::MagConfig mag_config(const DomainOptions& options, std::size_t mag) const;
  core::MnConfig mn_config(std::size_t node) const;
};

}  // namespace flowmob::sim
