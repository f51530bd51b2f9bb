// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "platform/dataplane/bpf_object.h"

struct ring_buffer;

namespace flowmob::dataplane {

/// What a program says to its daemon, row by row, through a ring buffer of BPF.
class RingQueue {
 public:
  using OnRow = std::function<void(ByteView row)>;

  /// Of the loaded object, which has to outlive it. What waited for a predecessor is dropped. "bpf-map".
  static Result<std::unique_ptr<RingQueue>> open(const BpfObject& object, const std::string& map,
                                                 OnRow on_row);
  RingQueue(const RingQueue&) = delete;
  RingQueue& operator=(const RingQueue&) = delete;

  /// To be watched.
  int fd() const;
  /// Delivers all that wait, or as many as leave time for something else: then more may wait.
  bool take();

 private:
  struct Free {
    void operator()(ring_buffer* ring) const;
  };
  RingQueue() = default;
  static int deliver(void* self, void* row, std::size_t size);

  OnRow on_row_;
  int taken_ = 0;  ///< in this go
  std::unique_ptr<ring_buffer, Free> ring_;
};

}  // namespace flowmob::dataplane
