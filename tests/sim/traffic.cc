// SPDX-License-Identifier: Apache-2.0
#include "traffic.h"

namespace flowmob::sim {

void Traffic::start(std::size_t node, const Flow& flow, Duration interval) {
  domain_.world.queue.after(
      {}, [this, node, flow, interval, generation = generation_] { tick(node, flow, interval, generation); });
}

void Traffic::tick(std::size_t node, const Flow& flow, Duration interval, std::uint64_t generation) {
  if (generation != generation_) return;
  for (const auto& address : domain_.addresses_of(node)) {
    Packet packet{flow, Domain::correspondent(), address};
    packet.number = down_of(node, packet).count.sent;
    send_down(node, packet);
    packet.number = up_of(node, packet).count.sent;
    send_up(node, packet);
  }
  const auto behind =
      down_[{node, flow.name}].count.sent % burst == 0 ? interval * static_cast<int>(burst) : interval;
  domain_.world.queue.after(
      behind, [this, node, flow, interval, generation] { tick(node, flow, interval, generation); });
}

bool Traffic::is_second_copy(Stream& stream, const Packet& packet) {
  const bool is_second = packet.number < stream.seen.size() && stream.seen[packet.number];
  if (is_second) ++stream.count.copies;
  return is_second;
}

void Traffic::receive(Stream& stream, const Packet& packet, std::size_t member) {
  if (stream.seen.size() <= packet.number) stream.seen.resize(packet.number + 1);
  if (stream.seen[packet.number]) {
    ++stream.count.duplicated;
    return;
  }
  stream.seen[packet.number] = true;
  if (packet.number < stream.next) ++stream.count.reordered;
  stream.next = std::max(stream.next, packet.number + 1);
  ++stream.count.received;
  ++stream.count.by_member[member];
}

void Traffic::send_down(std::size_t node, const Packet& packet) {
  auto& stream = down_of(node, packet);
  ++stream.count.sent;
  auto& lma = *domain_.lma;
  if (lma.tables.is_copied(packet)) return send_copies_down(node, packet);
  lma.tables.keep_share(packet);
  const auto way = lma.orders.down(lma.pump.now().monotonic, lma.tables.flow_of(packet), packet);
  if (way.waits == Duration{})
    return leave_lma(node, packet,
                     way.by ? lma.tables.downlink(packet, *way.by) : lma.tables.downlink(packet));
  domain_.world.queue.after(
      way.waits, [this, node, packet] { leave_lma(node, packet, domain_.lma->tables.downlink(packet)); });
}

void Traffic::send_copies_down(std::size_t node, const Packet& packet) {
  const auto& tables = domain_.lma->tables;
  const auto sessions = tables.ways(packet);
  if (!sessions) return lose(down_of(node, packet), sessions.error());
  for (const auto session : *sessions) leave_lma(node, packet, tables.by_session(session));
}

void Traffic::leave_lma(std::size_t node, const Packet& packet, const Result<Ipv6Address>& via) {
  if (!via) return lose(down_of(node, packet), via.error());
  if (const auto mag = domain_.mag_at(*via))
    domain_.world.queue.after(kCore, [this, node, mag = *mag, packet] { at_mag(node, mag, packet); });
}

void Traffic::at_mag(std::size_t node, std::size_t mag, const Packet& packet) {
  const auto hop = domain_.mags[mag]->tables.downlink(packet);
  if (!hop) return lose(down_of(node, packet), hop.error());
  const auto* host = domain_.mags[mag]->tables.find_host(hop->interface, hop->node);
  if (host != nullptr && host->is_watched) domain_.mags[mag]->notices.down(domain_.world.queue.now(), packet);
  const Socket socket{mag, hop->interface};
  const auto port = domain_.access.find(socket, hop->node);
  if (!port) return lose(down_of(node, packet), {"link", "nobody there"});
  domain_.world.queue.after(domain_.access.delays.at(mag),
                            [this, port = *port, socket, packet] { at_node(port, socket, packet); });
}

void Traffic::at_node(Port port, Socket from, const Packet& packet) {
  auto& stream = down_of(port.node, packet);
  if (domain_.access.at(port) != from) return lose(stream, {"link", "gone while the packet crossed it"});
  auto& tables = domain_.mns[port.node]->tables;
  if (auto accepted = tables.accepts(packet); !accepted) return lose(stream, accepted.error());
  if (tables.copies(packet.flow) && is_second_copy(stream, packet)) return;
  if (tables.learn(packet, port.member, domain_.world.queue.now())) domain_.world.touch(port.node);
  receive(stream, packet, port.member);
}

void Traffic::send_up(std::size_t node, const Packet& packet) {
  auto& stream = up_of(node, packet);
  ++stream.count.sent;
  auto& mn = *domain_.mns[node];
  mn.tables.note_uplink(packet);
  const auto members = mn.tables.uplinks(packet);
  if (!members) return lose(stream, members.error());
  for (const auto member : *members) leave_node({node, member}, packet);
}

void Traffic::leave_node(Port port, const Packet& packet) {
  const auto socket = domain_.access.at(port);
  if (!socket) return lose(up_of(port.node, packet), {"link", "not connected"});
  domain_.world.queue.after(domain_.access.delays.at(socket->mag),
                            [this, port, socket = *socket, packet] { at_mag_up(port, socket, packet); });
}

void Traffic::at_mag_up(Port port, Socket socket, const Packet& packet) {
  auto& stream = up_of(port.node, packet);
  if (domain_.access.at(port) != socket) return lose(stream, {"link", "gone while the packet crossed it"});
  const auto& mac = domain_.mns[port.node]->config().members.at(port.member).mac;
  const auto entered = domain_.mags[socket.mag]->tables.uplink(packet, socket.interface, mac);
  if (!entered) return lose(stream, entered.error());
  if (const auto* host = domain_.mags[socket.mag]->tables.find_host(socket.interface, mac); host->is_watched)
    domain_.mags[socket.mag]->notices.up(domain_.world.queue.now(), host->attachment, packet);
  domain_.world.queue.after(kCore, [this, port, socket, packet] { at_lma_up(port, socket.mag, packet); });
}

void Traffic::at_lma_up(Port port, std::size_t mag, const Packet& packet) {
  auto& stream = up_of(port.node, packet);
  const auto left = domain_.lma->tables.uplink(packet, domain_.mags[mag]->config().address);
  if (!left) return lose(stream, left.error());
  auto& lma = *domain_.lma;
  if (lma.tables.is_copied(packet)) {
    if (!is_second_copy(stream, packet)) receive(stream, packet, port.member);
    return;
  }
  const auto own = lma.tables.downlink(packet);
  const bool is_own = own && *own == domain_.mags[mag]->config().address;
  const auto waits =
      is_own ? lma.orders.up(lma.pump.now().monotonic, lma.tables.flow_of(packet), packet) : Duration{};
  if (waits == Duration{}) return receive(stream, packet, port.member);
  domain_.world.queue.after(waits,
                            [this, port, packet] { receive(up_of(port.node, packet), packet, port.member); });
}

}  // namespace flowmob::sim
