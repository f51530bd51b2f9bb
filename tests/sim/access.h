// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "core/mag/effect.h"
#include "core/mn/effect.h"
#include "world.h"

namespace flowmob::sim {

/// One physical interface of one mobile node, wherever it is connected.
struct Port {
  std::size_t node{};
  std::size_t member{};
  friend auto operator<=>(const Port&, const Port&) = default;
};

/// One access interface of one gateway.
struct Socket {
  std::size_t mag{};
  InterfaceIndex interface;
  friend auto operator<=>(const Socket&, const Socket&) = default;
};

/// The links between mobile nodes and gateways: who is connected to whom, and Neighbor Discovery across.
class AccessNetwork {
 public:
  explicit AccessNetwork(World& world) : world_(world) {}

  void define(Port port, const MacAddress& mac) { macs_[port] = mac; }
  void connect(Port port, Socket socket);
  void disconnect(Port port);
  std::optional<Socket> at(Port port) const;
  std::optional<Port> find(Socket socket, const MacAddress& node) const;
  std::map<MacAddress, Port> stations(Socket socket) const {
    const auto found = stations_.find(socket);
    return found == stations_.end() ? std::map<MacAddress, Port>{} : found->second;
  }
  bool is_used(Socket socket) const { return stations_.contains(socket); }

  void send_down(std::size_t mag, const core::SendNeighborDiscovery& frame);
  void send_up(Port port, const core::SendSolicitation& frame);

  std::function<void(Port, const core::PacketMeta&, const Bytes&)> to_node;
  std::function<void(Socket, const core::PacketMeta&, const Bytes&)> to_mag;

  std::function<void(Socket, const core::SendNeighborDiscovery&)> on_down;  ///< a gateway speaks
  std::function<void(Socket, const MacAddress&)> on_arrival;  ///< a gateway hears of a node that is there

  double loss = 0;               ///< of Neighbor Discovery
  std::vector<Duration> delays;  ///< one way, by gateway

 private:
  void deliver_down(Port port, Socket socket, const core::SendNeighborDiscovery& frame);

  World& world_;
  std::map<Port, MacAddress> macs_;
  std::map<Port, Socket> wires_;
  std::map<Socket, std::map<MacAddress, Port>> stations_;
};

}  // namespace flowmob::sim
