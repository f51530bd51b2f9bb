// SPDX-License-Identifier: Apache-2.0
#include "platform/packet_socket.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "platform/errno_error.h"

namespace flowmob::platform {
namespace {

constexpr std::size_t kEthernetHeader = 14;
constexpr std::size_t kIpv6Header = 40;
constexpr std::size_t kHeaders = kEthernetHeader + kIpv6Header;
constexpr std::size_t kLongestFrame = 16384;  ///< jumbo frames included

// Ethernet: destination 0, source 6, type 12; IPv6: payload length 18, next header 20, hop limit 21,
// addresses 22 and 38; ICMPv6 type 54. A Neighbor Discovery message behind extension headers is not looked
// for: nobody sends that, and RFC 6980 forbids the fragmented kind.
constexpr std::array kOnlyNeighborDiscovery{
    ::sock_filter BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 6),
    ::sock_filter BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 0, 4),
    ::sock_filter BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 54),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 133, 0, 2),
    ::sock_filter BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 136, 1, 0),
    ::sock_filter BPF_STMT(BPF_RET | BPF_K, 0x40000),
    ::sock_filter BPF_STMT(BPF_RET | BPF_K, 0),
};

Result<void> configure(int fd, InterfaceIndex interface) {
  auto filter = kOnlyNeighborDiscovery;
  const ::sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  ::packet_mreq membership{};
  membership.mr_ifindex = static_cast<int>(interface.value);
  // Solicitations go to groups that this interface need not have joined.
  membership.mr_type = PACKET_MR_ALLMULTI;
  const int on = 1;
  if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0 ||
      ::setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) != 0 ||
      ::setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership) != 0) {
    return fail_errno("packet-socket-failed", "interface " + std::to_string(interface.value));
  }
  return {};
}

std::size_t read_u16(ByteView bytes, std::size_t at) {
  return static_cast<std::size_t>(bytes[at]) << 8 | bytes[at + 1];
}

MacAddress read_mac(ByteView bytes, std::size_t at) {
  MacAddress mac;
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), mac.octets.size(), mac.octets.begin());
  return mac;
}

std::optional<NdFrame> parse(ByteView frame) {
  if (frame.size() < kHeaders) return {};
  const std::size_t length = read_u16(frame, 18);
  if (frame.size() < kHeaders + length) return {};  // what follows the payload is Ethernet's padding
  NdFrame result;
  result.link_destination = read_mac(frame, 0);
  result.link_source = read_mac(frame, 6);
  result.hop_limit = frame[21];
  result.source = Ipv6Address::from_bytes(frame.subspan(22, 16));
  result.destination = Ipv6Address::from_bytes(frame.subspan(38, 16));
  const ByteView payload = frame.subspan(kHeaders, length);
  result.icmpv6.assign(payload.begin(), payload.end());
  return result;
}

Bytes build(const NdFrame& frame) {
  Bytes bytes;
  bytes.reserve(kHeaders + frame.icmpv6.size());
  const auto append = [&bytes](const auto& octets) {
    bytes.insert(bytes.end(), octets.begin(), octets.end());
  };
  append(frame.link_destination.octets);
  append(frame.link_source.octets);
  const std::size_t length = frame.icmpv6.size();
  append(std::array<std::uint8_t, 2>{ETH_P_IPV6 >> 8, ETH_P_IPV6 & 0xff});
  append(std::array<std::uint8_t, 8>{0x60, 0, 0, 0, static_cast<std::uint8_t>(length >> 8),
                                     static_cast<std::uint8_t>(length), IPPROTO_ICMPV6, frame.hop_limit});
  append(frame.source.octets);
  append(frame.destination.octets);
  append(frame.icmpv6);
  return bytes;
}

}  // namespace

Result<PacketSocket> PacketSocket::open(InterfaceIndex interface) {
  // Protocol 0: nothing arrives before the filter is in place; bind() then starts reception.
  UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd && errno == EPERM) return fail("not-permitted", "a packet socket needs root (CAP_NET_RAW)");
  if (!fd) return fail_errno("packet-socket-failed", "packet socket");
  if (auto done = configure(fd.get(), interface); !done) return tl::unexpected(done.error());
  ::sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_IPV6);
  address.sll_ifindex = static_cast<int>(interface.value);
  if (::bind(fd.get(), reinterpret_cast<::sockaddr*>(&address), sizeof address) != 0) {
    return fail_errno("packet-socket-failed", "interface " + std::to_string(interface.value));
  }
  return PacketSocket(std::move(fd), interface);
}

Result<std::optional<NdFrame>> PacketSocket::receive() {
  Bytes buffer(kLongestFrame);
  while (true) {
    // MSG_TRUNC makes the kernel tell the true length.
    const ::ssize_t count = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_TRUNC);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return std::optional<NdFrame>();
    if (count < 0 && errno == ENETDOWN) return fail("interface-down", "the interface went down");
    if (count < 0) return fail_errno("receive-failed", "packet socket");
    const auto length = static_cast<std::size_t>(count);
    if (length > buffer.size()) {
      ++counters_.truncated;
      continue;
    }
    auto frame = parse(ByteView(buffer).first(length));
    if (!frame) {
      ++counters_.malformed;
      continue;
    }
    ++counters_.received;
    return frame;
  }
}

Result<void> PacketSocket::send(const NdFrame& frame) {
  const Bytes bytes = build(frame);
  ::ssize_t count = 0;
  do {
    count = ::send(fd_.get(), bytes.data(), bytes.size(), 0);
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
