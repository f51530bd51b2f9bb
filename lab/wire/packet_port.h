// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "base/time.h"
#include "platform/unique_fd.h"

namespace flowmob::lab {

/// struct virtio_net_hdr, which its own header spells with C++ keywords.
struct OffloadHeader {
  std::uint8_t flags, gso_type;
  std::uint16_t header_length, gso_size, checksum_start, checksum_offset;
};

/// A frame with what the kernel still owes it: a checksum to fill in, a size to be cut to.
struct Frame {
  OffloadHeader offload{};
  Bytes octets;
};

/// One interface, seen as a wire's end: frames out of it, frames into it, byte for byte.
class PacketPort {
 public:
  static Result<PacketPort> open(const std::string& interface);
  PacketPort(PacketPort&&) noexcept;
  PacketPort& operator=(PacketPort&&) noexcept;
  ~PacketPort();

  int fd() const { return socket_.get(); }
  const std::string& interface() const { return interface_; }

  /// Gives up to one batch of waiting frames, each with the moment the kernel got it; false when none waits.
  bool receive(const std::function<void(TimePoint, Frame)>& take);
  bool send(const Frame& frame);
  Result<void> set_up(bool up);

 private:
  struct Batch;
  PacketPort(std::string interface, platform::UniqueFd socket);

  std::string interface_;
  platform::UniqueFd socket_;
  std::unique_ptr<Batch> batch_;
};

}  // namespace flowmob::lab
