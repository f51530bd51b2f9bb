// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/strong_id.h"
#include "daemon/lma/hold_queue.h"
#include "platform/event_loop.h"
#include "platform/hold_device.h"

namespace flowmob::daemon {

/// The interface where packets of flows that move in order wait for a gap (docs/adr/0063). What a crash finds
/// waiting is lost.
class HeldPackets {
 public:
  /// The errors of HoldDevice::open().
  static Result<std::unique_ptr<HeldPackets>> open(platform::EventLoop& loop);

  const std::string& interface() const { return device_.name(); }
  /// A whole packet of IPv6 through the tunnel of this session.
  Result<void> send(SessionId session, ByteView packet) const;

 private:
  explicit HeldPackets(platform::HoldDevice device) : device_(std::move(device)) {}
  void receive();
  void release();

  platform::HoldDevice device_;
  HoldQueue queue_;
  platform::FdWatch watch_;
  platform::DeadlineTimer timer_;
};

}  // namespace flowmob::daemon
