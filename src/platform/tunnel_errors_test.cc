// SPDX-License-Identifier: Apache-2.0
#include "platform/tunnel_errors.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstdlib>

#include "base/ipv4.h"
#include "platform/icmpv6_sender.h"
#include "platform/private_namespace_for_test.h"

namespace flowmob::platform {
namespace {

using core::TunnelError;
using core::TunnelErrorKind;
using testing::in_private_namespace;

Ipv6Address tunnel_end(const char* text) { return Ipv6Address::parse(text).value(); }
const Ipv6Address kHere = tunnel_end("2001:db8:a::1"), kThere = tunnel_end("2001:db8:1::1"),
                  kHere4 = tunnel_end("::ffff:192.0.2.11"), kThere4 = tunnel_end("::ffff:192.0.2.1");
const Bytes kOriginal(600, 0x45);

/// Both addresses of ours, and ways to the peers.
struct TunnelHost {
  TunnelHost() {
    EXPECT_EQ(std::system("ip link set lo up && ip link add way type veth peer name other &&"
                          "ip link set way up && ip link set other up &&"
                          "ip addr add 2001:db8:a::1/128 dev lo nodad && ip addr add 192.0.2.11/32 dev lo &&"
                          "ip addr add fd00::1/64 dev way nodad &&"
                          "ip route add 2001:db8:1::/64 dev way && ip route add 192.0.2.1/32 dev way"),
              0);
    EXPECT_TRUE(testing::eventually([&] { return netlink.path_to(kHere)->local; }));
  }
  std::uint32_t mtu_to(const Ipv6Address& peer) { return netlink.path_to(peer).value().mtu; }
  Netlink netlink = Netlink::open().value();
};

void put16(Bytes& octets, std::size_t at, std::size_t value) {
  octets[at] = static_cast<std::uint8_t>(value >> 8);
  octets[at + 1] = static_cast<std::uint8_t>(value);
}

/// An ICMPv6 error about a tunnel packet, said by the host to itself.
void complain(std::uint8_t type, std::uint32_t field, std::uint8_t next_header, const Bytes& behind) {
  Bytes message{type, 0, 0, 0, 0, 0, 0, 0, 0x60, 0, 0, 0, 0, 0, next_header, 63};
  put16(message, 6, field);
  put16(message, 12, behind.size());
  append(message, kHere.octets);
  append(message, kThere.octets);
  append(message, behind);
  const auto sent = Icmpv6Sender::open().value().send(kHere, kHere, message);
  EXPECT_TRUE(sent) << sent.error().message;
}

std::uint16_t sum_of(const Bytes& octets) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < octets.size(); ++i) sum += std::uint32_t{octets[i]} << (i % 2 == 0 ? 8 : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

/// The same of ICMPv4.
void complain4(std::uint8_t type, std::uint8_t code, std::uint32_t field, std::uint8_t protocol,
               const Bytes& behind) {
  Bytes message{type, code, 0, 0, 0, 0, 0, 0};
  put16(message, 6, field);
  Bytes outer{0x45, 0, 0, 0, 0, 0, 0x40, 0, 63, protocol, 0, 0};
  put16(outer, 2, 20 + behind.size());
  append(outer, from_mapped(kHere4).octets);
  append(outer, from_mapped(kThere4).octets);
  put16(outer, 10, sum_of(outer));
  append(message, outer);
  append(message, behind);
  put16(message, 2, sum_of(message));
  const UniqueFd icmp(::socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
  ::sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(to_number(from_mapped(kHere4)));
  EXPECT_EQ(
      ::sendto(icmp.get(), message.data(), message.size(), 0, reinterpret_cast<::sockaddr*>(&to), sizeof to),
      static_cast<::ssize_t>(message.size()));
}

std::optional<TunnelError> next_error(const TunnelErrors& errors) {
  std::vector<::pollfd> entries;
  for (const int fd : errors.fds()) entries.push_back({fd, POLLIN, 0});
  if (::poll(entries.data(), entries.size(), 5000) < 1) return std::nullopt;
  for (const auto& entry : entries)
    if (entry.revents != 0) return errors.receive(entry.fd);
  return std::nullopt;
}

Bytes behind(Bytes shim) {
  append(shim, kOriginal);
  return shim;
}

TEST(TunnelErrors, WhatIsSaidOfTunnelPacketsOverIpv6ComesWithTheOriginal) {
  in_private_namespace([] {
    TunnelHost host;
    const auto errors = TunnelErrors::open(kHere).value();
    struct Case {
      std::uint8_t type, next_header;
      Bytes quoted;
      TunnelErrorKind kind;
      int headers;
    };
    const std::vector<Case> cases{
        {1, 41, kOriginal, TunnelErrorKind::Unreachable, 40},
        {3, 4, kOriginal, TunnelErrorKind::TimeExceeded, 40},
        {4, 47, behind({0, 0, 8, 0}), TunnelErrorKind::ParameterProblem, 44},
        {1, 47, behind({0x20, 0, 8, 0, 0, 0, 0, 7}), TunnelErrorKind::Unreachable, 48}};
    for (const auto& one : cases) {
      complain(one.type, 0, one.next_header, one.quoted);
      const auto error = next_error(errors);
      ASSERT_TRUE(error) << int{one.type};
      EXPECT_EQ(error->kind, one.kind);
      EXPECT_EQ(error->local, kHere);
      EXPECT_EQ(error->peer, kThere);
      EXPECT_EQ(error->original, kOriginal);
      EXPECT_EQ(error->tunnel_headers, one.headers);
    }
    EXPECT_EQ(host.mtu_to(kThere), 1500U);
  });
}

TEST(TunnelErrors, PacketTooBigTellsThePathsMtu) {  // RFC 8201
  in_private_namespace([] {
    TunnelHost host;
    const auto errors = TunnelErrors::open(kHere).value();
    complain(2, 1400, 4, kOriginal);
    const auto error = next_error(errors);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind, TunnelErrorKind::TooBig);
    EXPECT_EQ(error->path_mtu, 1400U);
    EXPECT_EQ(host.mtu_to(kThere), 1400U);
    for (const int fd : errors.fds()) {
      ::pollfd entry{fd, POLLIN, 0};
      EXPECT_EQ(::poll(&entry, 1, 0), errors.receive(fd) ? 1 : 0) << "nothing is left that would call again";
    }
  });
}

TEST(TunnelErrors, FragmentationNeededTellsThePathsMtuWhateverIsInside) {  // RFC 4213 section 3.4
  for (const auto& [protocol, shim] : std::vector<std::pair<std::uint8_t, Bytes>>{
           {41, {}}, {4, {}}, {47, {0, 0, 8, 0}}, {17, {0x15, 0x3d, 0x15, 0x3d, 2, 0x60, 0, 0}}}) {
    SCOPED_TRACE(int{protocol});
    const std::uint8_t inside = protocol;
    const Bytes& head = shim;
    in_private_namespace([&] {
      TunnelHost host;
      const auto errors = TunnelErrors::open(kHere4).value();
      complain4(3, 4, 1300, inside, behind(head));
      const auto error = next_error(errors);
      ASSERT_TRUE(error);
      EXPECT_EQ(error->kind, TunnelErrorKind::TooBig);
      EXPECT_EQ(error->path_mtu, 1300U);
      EXPECT_EQ(error->local, kHere4);
      EXPECT_EQ(error->peer, kThere4);
      EXPECT_EQ(error->original, kOriginal);
      EXPECT_EQ(error->tunnel_headers, 20U + head.size());
      EXPECT_EQ(host.mtu_to(kThere4), 1300U);
    });
  }
}

TEST(TunnelErrors, OtherErrorsOverIpv4ComeToo) {
  in_private_namespace([] {
    TunnelHost host;
    const auto errors = TunnelErrors::open(kHere4).value();
    complain4(3, 1, 0, 4, kOriginal);
    EXPECT_EQ(next_error(errors).value().kind, TunnelErrorKind::Unreachable);
    complain4(11, 0, 0, 41, kOriginal);
    EXPECT_EQ(next_error(errors).value().kind, TunnelErrorKind::TimeExceeded);
    complain4(12, 0, 0, 41, Bytes(8, 0x60));
    const auto short_one = next_error(errors).value();
    EXPECT_EQ(short_one.kind, TunnelErrorKind::ParameterProblem);
    EXPECT_EQ(short_one.original.size(), 8U) << "as RFC 792 has it";
  });
}

TEST(TunnelErrors, AnAddressThatIsNotOursIsRefused) {
  in_private_namespace([] {
    TunnelHost host;
    EXPECT_EQ(TunnelErrors::open(kThere).error().code, "address-unavailable");
    EXPECT_EQ(TunnelErrors::open(kThere4).error().code, "address-unavailable");
  });
}

}  // namespace
}  // namespace flowmob::platform
