// SPDX-License-Identifier: Apache-2.0
#include "platform/echo_socket.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

#include "platform/errno_error.h"

namespace flowmob::platform {
namespace {

constexpr int kReplies = 64;
constexpr std::size_t kLongestReply = 256;  ///< more than any of ours; what is longer is cut, and so is none

}  // namespace

Result<EchoSocket> EchoSocket::open(const Ipv6Address& local) {
  UniqueFd fd(::socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMPV6));
  if (!fd && errno == EPERM) return fail("not-permitted", "an ICMPv6 socket needs root (CAP_NET_RAW)");
  if (!fd) return fail_errno("icmpv6-socket-failed", "raw socket for ICMPv6");
  ::icmp6_filter filter{};
  ICMP6_FILTER_SETBLOCKALL(&filter);
  ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
  ::sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  std::copy(local.octets.begin(), local.octets.end(), address.sin6_addr.s6_addr);
  if (::setsockopt(fd.get(), IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter) != 0 ||
      ::bind(fd.get(), reinterpret_cast<const ::sockaddr*>(&address), sizeof address) != 0)
    return fail_errno("icmpv6-socket-failed", "Echo Replies to " + local.to_string());
  return EchoSocket(std::move(fd));
}

void EchoSocket::receive(const OnReply& on_reply) const {
  for (int i = 0; i < kReplies; ++i) {
    std::array<std::uint8_t, kLongestReply> buffer;
    ::sockaddr_in6 source{};
    ::socklen_t length = sizeof source;
    const auto count = ::recvfrom(fd_.get(), buffer.data(), buffer.size(), 0,
                                  reinterpret_cast<::sockaddr*>(&source), &length);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return;
    on_reply(Ipv6Address::from_bytes(source.sin6_addr.s6_addr),
             ByteView(buffer).first(static_cast<std::size_t>(count)));
  }
}

}  // namespace flowmob::platform
