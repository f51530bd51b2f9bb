// SPDX-License-Identifier: Apache-2.0
#include "lab/wire/packet_port.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "lab/host/clock.h"
#include "platform/errno_error.h"

namespace flowmob::lab {
namespace {

static_assert(sizeof(OffloadHeader) == 10, "the kernel's virtio_net_hdr");
using platform::fail_errno;
using platform::UniqueFd;

constexpr std::size_t kBatch = 32;
constexpr std::size_t kLargestFrame = 65536 + 256;  // a GSO frame and its headers

bool set_option(int fd, int level, int name, int value) {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

Result<void> configure(int fd, int index) {
  // Our own transmissions must not come back, or every frame would go round for ever.
  if (!set_option(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1))
    return fail_errno("socket-failed", "PACKET_IGNORE_OUTGOING");
  // Partial checksums and frames not yet cut to size keep what they need to be finished later.
  if (!set_option(fd, SOL_PACKET, PACKET_VNET_HDR, 1)) return fail_errno("socket-failed", "PACKET_VNET_HDR");
  if (!set_option(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1)) return fail_errno("socket-failed", "SO_TIMESTAMPNS");
  set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20);
  set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, 16 << 20);
  ::packet_mreq promiscuous{};
  promiscuous.mr_ifindex = index;
  promiscuous.mr_type = PACKET_MR_PROMISC;
  if (::setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous) != 0) {
    return fail_errno("socket-failed", "promiscuous mode");
  }
  return {};
}

}  // namespace

struct PacketPort::Batch {
  struct Slot {
    OffloadHeader offload;
    std::array<::iovec, 2> pieces;
    alignas(::cmsghdr) std::array<std::byte, 64> control;
    Bytes octets = Bytes(kLargestFrame);
  };
  std::array<Slot, kBatch> slots;
  std::array<::mmsghdr, kBatch> messages{};

  void prepare() {
    for (std::size_t i = 0; i < kBatch; ++i) {
      Slot& slot = slots[i];
      slot.pieces = {::iovec{&slot.offload, sizeof slot.offload},
                     ::iovec{slot.octets.data(), slot.octets.size()}};
      ::msghdr& header = messages[i].msg_hdr;
      header = {};
      header.msg_iov = slot.pieces.data();
      header.msg_iovlen = slot.pieces.size();
      header.msg_control = slot.control.data();
      header.msg_controllen = slot.control.size();
    }
  }

  /// The kernel's receive time on the monotonic clock; `now` if it gave none that makes sense.
  static TimePoint arrival(::msghdr& header, TimePoint now, Duration wall_now) {
    for (::cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
      if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
      ::timespec t{};
      std::memcpy(&t, CMSG_DATA(c), sizeof t);
      const Duration age = wall_now - (std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
      if (age >= Duration{} && age < std::chrono::seconds(1)) return now - age;
    }
    return now;
  }
};

PacketPort::PacketPort(std::string interface, UniqueFd socket)
    : interface_(std::move(interface)), socket_(std::move(socket)), batch_(std::make_unique<Batch>()) {}
PacketPort::PacketPort(PacketPort&&) noexcept = default;
PacketPort& PacketPort::operator=(PacketPort&&) noexcept = default;
PacketPort::~PacketPort() = default;

Result<PacketPort> PacketPort::open(const std::string& interface) {
  const int index = static_cast<int>(::if_nametoindex(interface.c_str()));
  if (index == 0) return fail_errno("no-such-interface", interface);
  UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("socket-failed", "packet socket");
  if (auto done = configure(fd.get(), index); !done) return tl::unexpected(done.error());
  ::sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = index;
  if (::bind(fd.get(), reinterpret_cast<const ::sockaddr*>(&address), sizeof address) != 0) {
    return fail_errno("bind-failed", interface);
  }
  return PacketPort(interface, std::move(fd));
}

bool PacketPort::receive(const std::function<void(TimePoint, Frame)>& take) {
  batch_->prepare();
  const int count = ::recvmmsg(socket_.get(), batch_->messages.data(), kBatch, MSG_DONTWAIT, nullptr);
  // ENETDOWN is told once when the interface goes down; the socket lives on.
  if (count <= 0) return count < 0 && (errno == EINTR || errno == ENETDOWN);
  const TimePoint now = monotonic_now();
  const Duration wall_now = read_clock(CLOCK_REALTIME);
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    const Batch::Slot& slot = batch_->slots[i];
    const std::size_t length = batch_->messages[i].msg_len;
    if (length <= sizeof slot.offload) continue;
    const auto end = slot.octets.begin() + static_cast<std::ptrdiff_t>(length - sizeof slot.offload);
    take(Batch::arrival(batch_->messages[i].msg_hdr, now, wall_now),
         {slot.offload, Bytes(slot.octets.begin(), end)});
  }
  return true;
}

bool PacketPort::send(const Frame& frame) {
  std::array<::iovec, 2> pieces{::iovec{const_cast<OffloadHeader*>(&frame.offload), sizeof frame.offload},
                                ::iovec{const_cast<std::uint8_t*>(frame.octets.data()), frame.octets.size()}};
  ::msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  return ::sendmsg(socket_.get(), &message, MSG_DONTWAIT) >= 0;
}

Result<void> PacketPort::set_up(bool up) {
  ::ifreq request{};
  interface_.copy(request.ifr_name, IFNAMSIZ - 1);
  if (::ioctl(socket_.get(), SIOCGIFFLAGS, &request) != 0) return fail_errno("interface-failed", interface_);
  const int flags = up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP;
  request.ifr_flags = static_cast<short>(flags);
  if (::ioctl(socket_.get(), SIOCSIFFLAGS, &request) != 0) return fail_errno("interface-failed", interface_);
  return {};
}

}  // namespace flowmob::lab
