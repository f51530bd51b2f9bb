// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/cut_queue.h"

#include <bpf/libbpf.h>

#include <cerrno>

#include "dataplane/abi/mag.h"
#include "platform/errno_error.h"

namespace flowmob::dataplane {
namespace {

/// Packets taken in one go, so that a flood leaves time for timers and signalling.
constexpr int kBurst = 64;

}  // namespace

void CutQueue::Free::operator()(ring_buffer* ring) const { ring_buffer__free(ring); }

Result<std::unique_ptr<CutQueue>> CutQueue::open(const BpfObject& object, OnPacket on_packet) {
  std::unique_ptr<CutQueue> queue(new CutQueue);
  queue->ring_.reset(ring_buffer__new(object.map_fd("to_cut"), &CutQueue::deliver, queue.get(), nullptr));
  if (!queue->ring_) return platform::fail_errno("bpf-map", "cannot read from the map to_cut");
  queue->take();
  queue->on_packet_ = std::move(on_packet);
  return queue;
}

int CutQueue::fd() const { return ring_buffer__epoll_fd(ring_.get()); }

void CutQueue::take() {
  taken_ = 0;
  ring_buffer__consume(ring_.get());
}

int CutQueue::deliver(void* self, void* row, std::size_t size) {
  auto& queue = *static_cast<CutQueue*>(self);
  const auto& packet = *static_cast<const fm_cut_row*>(row);
  if (queue.on_packet_ && size >= sizeof packet && packet.length <= FM_CUT_ROOM)
    queue.on_packet_(SessionId{packet.attachment}, packet.mtu, ByteView(packet.octets, packet.length));
  return ++queue.taken_ < kBurst ? 0 : -EAGAIN;  // which ends it; what is left wakes us again
}

}  // namespace flowmob::dataplane
