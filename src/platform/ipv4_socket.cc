// SPDX-License-Identifier: Apache-2.0
#include "platform/ipv4_socket.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "platform/frame_socket.h"

namespace flowmob::platform {
namespace {

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

constexpr std::uint32_t kDhcp6ServerPort = 547;

// Likewise; IPv6: next header 20, and the UDP port 56 where nothing stands before UDP.
constexpr std::array kOnlyDhcp6{
    ::sock_filter BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 5),
    ::sock_filter BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 3),
    ::sock_filter BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 56),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kDhcp6ServerPort, 0, 1),
    ::sock_filter BPF_STMT(BPF_RET | BPF_K, 0x40000),
    ::sock_filter BPF_STMT(BPF_RET | BPF_K, 0),
};

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

/// IPv6 has no UDP without one (RFC 8200 section 8.1).
void make_checksum(Bytes& frame) {
  constexpr std::size_t kEthernet = 14, kIpv6 = 40, kAddresses = 8, kChecksum = kEthernet + kIpv6 + 6;
  if (frame.size() < kChecksum + 2) return;
  const std::size_t length = std::size_t{frame[kEthernet + 4]} << 8 | frame[kEthernet + 5];
  const std::size_t end = std::min(frame.size(), kEthernet + kIpv6 + length);
  frame[kChecksum] = frame[kChecksum + 1] = 0;
  std::uint64_t sum = IPPROTO_UDP + length;
  for (std::size_t at = kEthernet + kAddresses; at < end; ++at)
    sum += std::uint64_t{frame[at]} << (at % 2 == 0 ? 8 : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  const auto written = static_cast<std::uint16_t>(sum == 0xffff ? 0xffff : ~sum);
  frame[kChecksum] = static_cast<std::uint8_t>(written >> 8);
  frame[kChecksum + 1] = static_cast<std::uint8_t>(written);
}

/// Zero: none (RFC 768).
void take_off_checksum(Bytes& frame) {
  constexpr std::size_t kEthernet = 14, kProtocol = 9, kChecksum = 6;
  if (frame.size() > kEthernet && frame[kEthernet] >> 4 == 6) return make_checksum(frame);
  if (frame.size() < kEthernet + 20 || frame[kEthernet + kProtocol] != IPPROTO_UDP) return;
  const std::size_t at = kEthernet + std::size_t{frame[kEthernet] & 0xfU} * 4 + kChecksum;
  if (at + 2 <= frame.size()) frame[at] = frame[at + 1] = 0;
}

}  // namespace

Result<Ipv4Socket> Ipv4Socket::open(InterfaceIndex interface, Kind kind) {
  auto fd = kind == Kind::Dhcp6 ? open_frame_socket(interface, kOnlyDhcp6)
                                : open_frame_socket(interface, kOnlyArpAndDhcp);
  if (!fd) return tl::unexpected(fd.error());
  const int on = 1;
  auto ready = set_packet_option(fd->get(), interface, PACKET_AUXDATA, &on, sizeof on).and_then([&] {
    return start_reception(fd->get(), interface,
                           kind == Kind::Arp    ? ETH_P_ARP
                           : kind == Kind::Dhcp ? ETH_P_IP
                                                : ETH_P_IPV6);
  });
  if (!ready) return tl::unexpected(ready.error());
  return Ipv4Socket(std::move(*fd), interface);
}

Result<std::optional<Bytes>> Ipv4Socket::receive() {
  Bytes buffer(kLongestFrame);
  while (true) {
    alignas(::cmsghdr) std::array<char, CMSG_SPACE(sizeof(::tpacket_auxdata))> control;
    ::msghdr header{};
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const auto length = receive_frame(fd_.get(), buffer, header);
    if (!length) return tl::unexpected(length.error());
    if (!*length) return std::optional<Bytes>();
    if (**length > buffer.size()) {
      ++counters_.truncated;
      continue;
    }
    ++counters_.received;
    buffer.resize(**length);
    if (is_checksum_open(header)) take_off_checksum(buffer);
    return buffer;
  }
}

Result<void> Ipv4Socket::send(ByteView frame) {
  auto sent = send_frame(fd_.get(), frame);
  ++(sent ? counters_.sent : counters_.send_failures);
  return sent;
}

}  // namespace flowmob::platform
