// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/packet_capture.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace flowmob::dataplane {

PacketCapture::PacketCapture(const BpfObject& object) : lost_(object, "captures_lost") {}

Result<std::unique_ptr<PacketCapture>> PacketCapture::open(const BpfObject& object, OnPacket on_packet) {
  std::unique_ptr<PacketCapture> capture(new PacketCapture(object));
  auto queue = RingQueue::open(object, "captured_packets",
                               [self = capture.get()](ByteView row) { self->deliver(row); });
  if (!queue) return tl::unexpected(queue.error());
  capture->queue_ = std::move(*queue);
  capture->on_packet_ = std::move(on_packet);
  capture->told_ = capture->read_lost();
  return capture;
}

std::uint64_t PacketCapture::read_lost() const {
  const auto each_cpu = lost_.values(0);
  return each_cpu ? std::accumulate(each_cpu->begin(), each_cpu->end(), std::uint64_t{}) : 0;
}

std::uint64_t PacketCapture::take_lost() {
  const auto before = std::exchange(told_, read_lost());
  return told_ - before;
}

void PacketCapture::deliver(ByteView octets) const {
  fm_captured row;
  if (octets.size() < sizeof row || !on_packet_) return;
  std::memcpy(&row, octets.data(), sizeof row);
  CapturedPacket packet;
  packet.time = TimePoint{Duration(row.time)};
  packet.node = row.node;
  packet.flow = FlowIndex{row.flow};
  packet.session = row.session;
  packet.interface = InterfaceIndex{row.interface};
  packet.up = row.way == FM_CAPTURED_UP;
  packet.length = row.length;
  packet.octets = ByteView(row.octets, std::min<std::size_t>(row.octet_count, sizeof row.octets));
  on_packet_(packet);
}

}  // namespace flowmob::dataplane
