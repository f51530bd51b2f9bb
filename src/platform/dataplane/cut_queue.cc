// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/cut_queue.h"

#include "dataplane/abi/mag.h"

namespace flowmob::dataplane {

Result<std::unique_ptr<RingQueue>> open_cut_queue(const BpfObject& object, OnPacketToCut on_packet) {
  return RingQueue::open(object, "to_cut", [on_packet = std::move(on_packet)](ByteView row) {
    const auto& packet = *reinterpret_cast<const fm_cut_row*>(row.data());
    if (row.size() >= sizeof packet && packet.length <= FM_CUT_ROOM)
      on_packet(SessionId{packet.attachment}, packet.mtu, ByteView(packet.octets, packet.length));
  });
}

}  // namespace flowmob::dataplane
