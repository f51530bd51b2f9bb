// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/filter.h>
#include <sys/socket.h>

#include <optional>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "platform/unique_fd.h"

/// What the packet sockets of one interface have in common.
namespace flowmob::platform {

/// Jumbo frames included.
inline constexpr std::size_t kLongestFrame = 16384;

/// Owns a packet socket. Who closes one waits in the kernel until every processor has seen that it is gone,
/// seconds on a busy machine: a thread of its own does it, so that no loop stands still (docs/adr/0077).
class PacketFd {
 public:
  explicit PacketFd(UniqueFd fd) : fd_(std::move(fd)) {}
  PacketFd(PacketFd&&) noexcept = default;
  PacketFd& operator=(PacketFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~PacketFd();

  int get() const { return fd_.get(); }

 private:
  UniqueFd fd_;
};

/// For what others sent and the filter lets through: SOCK_RAW, whole Ethernet frames; SOCK_DGRAM, packets
/// without a link-layer header. Nothing arrives before start_reception(). "not-permitted",
/// "packet-socket-failed".
Result<PacketFd> open_frame_socket(InterfaceIndex interface, std::span<const ::sock_filter> filter,
                                   int type = SOCK_RAW);

/// SOL_PACKET; "packet-socket-failed".
Result<void> set_packet_option(int fd, InterfaceIndex interface, int option, const void* value,
                               ::socklen_t size);

/// Of `protocol`, an ETH_P_ number in host order; "packet-socket-failed".
Result<void> start_reception(int fd, InterfaceIndex interface, std::uint16_t protocol);

/// Into `buffer`, and what came along into `control`: the frame's true length, which may be more than there
/// is room for; nothing when none waits. "interface-down" is reported once each time the link goes down.
Result<std::optional<std::size_t>> receive_frame(int fd, std::span<std::uint8_t> buffer, ::msghdr& control);

/// "interface-down", "would-block", "send-failed".
Result<void> send_frame(int fd, ByteView frame);

}  // namespace flowmob::platform
