// SPDX-License-Identifier: Apache-2.0
#include "platform/packet_sender.h"

#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdlib>

#include "platform/private_namespace_for_test.h"

namespace flowmob::platform {
namespace {

const Bytes kPacket6 = from_hex(
                           "60000000 0004 04 40 20010db8000a00000000000000000001"
                           "20010db8000100000000000000000001 01020304")
                           .value();
/// Without checksum, which the kernel fills in as it does an identification.
Bytes packet4(const char* source) {
  return from_hex(std::string("45b90018 0001 4000 40 04 0000") + source + "c0000201 01020304").value();
}

/// What leaves by a link with a way to both destinations.
Bytes sent_of(const Bytes& packet) {
  Bytes seen(2048);
  testing::in_private_namespace([&] {
    ASSERT_EQ(std::system("ip link set lo up && ip link add way type veth peer name other &&"
                          "ip link set way up && ip link set other up &&"
                          "ip addr add 2001:db8:a::1/128 dev lo nodad && ip addr add 192.0.2.11/32 dev way &&"
                          "ip addr add fd00::1/64 dev way nodad && ip addr add fe80::1/64 dev way nodad &&"
                          "ip route add 2001:db8:1::/64 dev way && ip route add 192.0.2.1/32 dev way &&"
                          "ip neigh add 2001:db8:1::1 lladdr 02:00:00:00:00:01 dev way &&"
                          "ip neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev way"),
              0);
    auto netlink = Netlink::open().value();
    ASSERT_TRUE(testing::eventually(
        [&] { return netlink.path_to(Ipv6Address::parse("2001:db8:a::1").value())->local; }));
    const auto protocol = packet[0] >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP;
    const UniqueFd wire(::socket(AF_PACKET, SOCK_DGRAM, htons(static_cast<std::uint16_t>(protocol))));
    ASSERT_TRUE(wire);
    const auto done = PacketSender::open().value().send(packet);
    ASSERT_TRUE(done) << done.error().message;
    const int here_protocol = packet[0] >> 4 == 6 ? 6 : 9;
    ::ssize_t count = 0;
    do {  // others speak there, too
      count = ::recv(wire.get(), seen.data(), seen.size(), 0);
    } while (count > 0 && seen[static_cast<std::size_t>(here_protocol)] != 4);
    seen.resize(static_cast<std::size_t>(std::max<::ssize_t>(count, 0)));
  });
  return seen;
}

TEST(PacketSender, PacketsOfIpv6LeaveAsTheyAre) { EXPECT_EQ(sent_of(kPacket6), kPacket6); }

TEST(PacketSender, PacketsOfIpv4LeaveWithAChecksum) {
  auto seen = sent_of(packet4("c000020b"));
  ASSERT_EQ(seen.size(), 24U);
  EXPECT_NE(seen[10] << 8 | seen[11], 0);
  seen[10] = seen[11] = 0;
  EXPECT_EQ(seen, packet4("c000020b"));
}

TEST(PacketSender, TheKernelChoosesASourceWhereThereIsNone) {
  const auto seen = sent_of(packet4("00000000"));
  ASSERT_EQ(seen.size(), 24U);
  EXPECT_EQ(to_hex(ByteView(seen).subspan(12, 4)), "c000020b");
}

TEST(PacketSender, WhatIsNoPacketIsRefused) {
  auto sender = PacketSender::open().value();
  for (const auto& octets : {Bytes{}, Bytes(19, 0x45), Bytes(39, 0x60), Bytes(60, 0x55)})
    EXPECT_EQ(sender.send(octets).error().code, "bad-packet");
}

}  // namespace
}  // namespace flowmob::platform
