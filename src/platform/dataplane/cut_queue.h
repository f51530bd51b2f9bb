// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "base/bytes.h"
#include "base/strong_id.h"
#include "platform/dataplane/bpf_object.h"

struct ring_buffer;

namespace flowmob::dataplane {

/// The packets of IPv4 that a gateway's data plane could not send, for being too long, and that may be cut
/// (docs/adr/0058). It hands over as many as there is room for, and counts the others as too big.
class CutQueue {
 public:
  /// `mtu`: the longest that the attachment's tunnel carries; `packet`: whole, as it came from the node.
  using OnPacket = std::function<void(SessionId attachment, std::size_t mtu, ByteView packet)>;

  /// Of the loaded object, which has to outlive it. What waited for a predecessor is dropped. "bpf-map".
  static Result<std::unique_ptr<CutQueue>> open(const BpfObject& object, OnPacket on_packet);
  CutQueue(const CutQueue&) = delete;
  CutQueue& operator=(const CutQueue&) = delete;

  /// To be watched.
  int fd() const;
  /// Delivers all that wait.
  void take();

 private:
  struct Free {
    void operator()(ring_buffer* ring) const;
  };
  CutQueue() = default;
  static int deliver(void* self, void* row, std::size_t size);

  OnPacket on_packet_;
  int taken_ = 0;  ///< in this go
  std::unique_ptr<ring_buffer, Free> ring_;
};

}  // namespace flowmob::dataplane
