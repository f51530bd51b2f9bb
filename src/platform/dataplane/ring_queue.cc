// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/ring_queue.h"

#include <bpf/libbpf.h>

#include <cerrno>

#include "platform/errno_error.h"

namespace flowmob::dataplane {
namespace {

/// Rows taken in one go, so that a flood leaves time for timers and signalling.
constexpr int kBurst = 64;

}  // namespace

void RingQueue::Free::operator()(ring_buffer* ring) const { ring_buffer__free(ring); }

Result<std::unique_ptr<RingQueue>> RingQueue::open(const BpfObject& object, const std::string& map,
                                                   OnRow on_row) {
  std::unique_ptr<RingQueue> queue(new RingQueue);
  queue->ring_.reset(ring_buffer__new(object.map_fd(map), &RingQueue::deliver, queue.get(), nullptr));
  if (!queue->ring_) return platform::fail_errno("bpf-map", "cannot read from the map " + map);
  queue->take();
  queue->on_row_ = std::move(on_row);
  return queue;
}

int RingQueue::fd() const { return ring_buffer__epoll_fd(ring_.get()); }

bool RingQueue::take() {
  taken_ = 0;
  ring_buffer__consume(ring_.get());
  return taken_ >= kBurst;
}

int RingQueue::deliver(void* self, void* row, std::size_t size) {
  auto& queue = *static_cast<RingQueue*>(self);
  if (queue.on_row_) queue.on_row_(ByteView(static_cast<const std::uint8_t*>(row), size));
  return ++queue.taken_ < kBurst ? 0 : -EAGAIN;  // which ends it; what is left wakes us again
}

}  // namespace flowmob::dataplane
