// SPDX-License-Identifier: Apache-2.0
#include "platform/ipv4_socket.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "platform/errno_error.h"

namespace flowmob::platform {
namespace {

constexpr std::size_t kFrameBuffer = 16384;  ///< jumbo frames included
constexpr std::uint32_t kDhcpServerPort = 67;

// Ethernet: type 12; IPv4: flags and fragment offset 20, protocol 23; UDP: destination port 16 behind the end
// of the IPv4 header, whose length MSH reads. Fragments are not looked for: a DHCP message fits a frame.
constexpr std::array kOnlyArpAndDhcp{
    ::sock_filter BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 8, 0),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 8),
    ::sock_filter BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 20),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x3fff, 6, 0),
    ::sock_filter BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 4),
    ::sock_filter BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14),
    ::sock_filter BPF_STMT(BPF_LD | BPF_H | BPF_IND, 16),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kDhcpServerPort, 0, 1),
    ::sock_filter BPF_STMT(BPF_RET | BPF_K, 0x40000),
    ::sock_filter BPF_STMT(BPF_RET | BPF_K, 0),
};

Result<void> let_in_arp_and_dhcp(int fd, InterfaceIndex interface) {
  auto filter = kOnlyArpAndDhcp;
  const ::sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  const int on = 1;
  if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0 ||
      ::setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) != 0 ||
      ::setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) != 0)
    return fail_errno("packet-socket-failed", "interface " + std::to_string(interface.value));
  return {};
}

/// A neighbour on this machine leaves the checksum to an interface that there is none of.
bool is_checksum_open(::msghdr& header) {
  for (::cmsghdr* item = CMSG_FIRSTHDR(&header); item != nullptr; item = CMSG_NXTHDR(&header, item)) {
    if (item->cmsg_level != SOL_PACKET || item->cmsg_type != PACKET_AUXDATA) continue;
    ::tpacket_auxdata data{};
    std::memcpy(&data, CMSG_DATA(item), sizeof data);
    return (data.tp_status & TP_STATUS_CSUMNOTREADY) != 0;
  }
  return false;
}

/// Zero: none (RFC 768).
void take_off_checksum(Bytes& frame) {
  constexpr std::size_t kEthernet = 14, kProtocol = 9, kChecksum = 6;
  if (frame.size() < kEthernet + 20 || frame[kEthernet + kProtocol] != IPPROTO_UDP) return;
  const std::size_t at = kEthernet + (frame[kEthernet] & 0xfU) * 4 + kChecksum;
  if (at + 2 <= frame.size()) frame[at] = frame[at + 1] = 0;
}

}  // namespace

Result<Ipv4Socket> Ipv4Socket::open(InterfaceIndex interface, Kind kind) {
  // Protocol 0: nothing arrives before the filter is in place; bind() then starts reception.
  UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd && errno == EPERM) return fail("not-permitted", "a packet socket needs root (CAP_NET_RAW)");
  if (!fd) return fail_errno("packet-socket-failed", "packet socket");
  if (auto done = let_in_arp_and_dhcp(fd.get(), interface); !done) return tl::unexpected(done.error());
  ::sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(kind == Kind::Arp ? ETH_P_ARP : ETH_P_IP);
  address.sll_ifindex = static_cast<int>(interface.value);
  if (::bind(fd.get(), reinterpret_cast<::sockaddr*>(&address), sizeof address) != 0)
    return fail_errno("packet-socket-failed", "interface " + std::to_string(interface.value));
  return Ipv4Socket(std::move(fd), interface);
}

Result<std::optional<Bytes>> Ipv4Socket::receive() {
  Bytes buffer(kFrameBuffer);
  while (true) {
    alignas(::cmsghdr) std::array<char, CMSG_SPACE(sizeof(::tpacket_auxdata))> control;
    ::iovec vector{buffer.data(), buffer.size()};
    ::msghdr header{};
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    // MSG_TRUNC makes the kernel tell the true length.
    const ::ssize_t count = ::recvmsg(fd_.get(), &header, MSG_TRUNC);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return std::optional<Bytes>();
    if (count < 0 && errno == ENETDOWN) return fail("interface-down", "the interface went down");
    if (count < 0) return fail_errno("receive-failed", "packet socket");
    const auto length = static_cast<std::size_t>(count);
    if (length > buffer.size()) {
      ++counters_.truncated;
      continue;
    }
    ++counters_.received;
    buffer.resize(length);
    if (is_checksum_open(header)) take_off_checksum(buffer);
    return buffer;
  }
}

Result<void> Ipv4Socket::send(ByteView frame) {
  ::ssize_t count = 0;
  do {
    count = ::send(fd_.get(), frame.data(), frame.size(), 0);
  } while (count < 0 && errno == EINTR);
  if (count >= 0) {
    ++counters_.sent;
    return {};
  }
  ++counters_.send_failures;
  if (errno == ENETDOWN || errno == ENXIO) return fail_errno("interface-down", "packet socket");
  const bool full = errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM;
  return fail_errno(full ? "would-block" : "send-failed", "packet socket");
}

}  // namespace flowmob::platform
