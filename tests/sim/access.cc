// SPDX-License-Identifier: Apache-2.0
#include "access.h"

namespace flowmob::sim {
namespace {

template <class Frame>
core::PacketMeta meta_of(const Frame& frame, InterfaceIndex interface) {
  core::PacketMeta meta;
  meta.source = frame.source;
  meta.destination = frame.destination;
  meta.interface = interface;
  meta.link_source = frame.link_source;
  meta.hop_limit = 255;
  return meta;
}

}  // namespace

std::optional<Socket> AccessNetwork::at(Port port) const {
  const auto wire = wires_.find(port);
  return wire == wires_.end() ? std::nullopt : std::optional(wire->second);
}

std::optional<Port> AccessNetwork::find(Socket socket, const MacAddress& node) const {
  const auto stations = stations_.find(socket);
  if (stations == stations_.end()) return std::nullopt;
  const auto station = stations->second.find(node);
  return station == stations->second.end() ? std::nullopt : std::optional(station->second);
}

void AccessNetwork::connect(Port port, Socket socket) {
  disconnect(port);
  world_.touch(port.node);
  wires_[port] = socket;
  stations_[socket][macs_.at(port)] = port;
}

void AccessNetwork::disconnect(Port port) {
  const auto wire = wires_.extract(port);
  if (wire.empty()) return;
  world_.touch(port.node);
  const auto stations = stations_.find(wire.mapped());
  stations->second.erase(macs_.at(port));
  if (stations->second.empty()) stations_.erase(stations);
}

void AccessNetwork::send_down(std::size_t mag, const core::SendNeighborDiscovery& frame) {
  const Socket socket{mag, frame.interface};
  if (on_down) on_down(socket, frame);
  const auto stations = stations_.find(socket);
  if (stations == stations_.end()) return;
  const bool to_all = (frame.link_destination.octets[0] & 1) != 0;
  for (const auto& [mac, port] : stations->second)
    if (to_all || mac == frame.link_destination) deliver_down(port, socket, frame);
}

void AccessNetwork::deliver_down(Port port, Socket socket, const core::SendNeighborDiscovery& frame) {
  if (world_.random.chance(loss)) return world_.trace("link", "lost: advertisement");
  world_.queue.after(delays.at(socket.mag), [this, port, socket, frame] {
    if (at(port) != socket) return;
    world_.trace("mn" + std::to_string(port.node), "advertisement from mag" + std::to_string(socket.mag));
    to_node(port, meta_of(frame, {}), frame.icmpv6);
  });
}

void AccessNetwork::send_up(Port port, const core::SendSolicitation& frame) {
  const auto socket = at(port);
  if (!socket) return;
  if (world_.random.chance(loss)) return world_.trace("link", "lost: solicitation");
  world_.queue.after(delays.at(socket->mag), [this, port, socket = *socket, frame] {
    if (at(port) != socket) return;
    world_.trace("mag" + std::to_string(socket.mag), "solicitation from mn" + std::to_string(port.node));
    to_mag(socket, meta_of(frame, socket.interface), frame.icmpv6);
  });
}

}  // namespace flowmob::sim
