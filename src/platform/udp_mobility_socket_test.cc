// SPDX-License-Identifier: Apache-2.0
#include "platform/udp_mobility_socket.h"

#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/ipv4.h"
#include "platform/private_namespace_for_test.h"

namespace flowmob::platform {
namespace {

using testing::in_private_namespace;

const Ipv4Address kLma = Ipv4Address::parse("127.0.0.1").value(),
                  kMag = Ipv4Address::parse("127.0.0.2").value();
const Bytes kHeader(64, 0x55);

/// Both addresses are on the loopback interface.
struct TwoSockets {
  TwoSockets() {
    auto netlink = Netlink::open().value();
    EXPECT_TRUE(netlink.set_up(netlink.link("lo").value().index, true));
    lma.emplace(UdpMobilitySocket::open(kLma).value());
    mag.emplace(UdpMobilitySocket::open(kMag).value());
  }
  std::optional<UdpMobilitySocket> lma, mag;
};

std::optional<UdpMobilitySocket::Received> receive_one(UdpMobilitySocket& socket) {
  ::pollfd entry{socket.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&entry, 1, 20000), 1);
  return socket.receive().value();
}

TEST(UdpMobilitySocket, HeadersGoFromPortToPortWithWhereFromAndWhereTo) {
  in_private_namespace([] {
    TwoSockets host;
    ASSERT_TRUE(host.mag->send(to_mapped(kLma), 0, kHeader));
    const auto received = receive_one(*host.lma);
    ASSERT_TRUE(received);
    EXPECT_EQ(received->message.source, to_mapped(kMag));
    EXPECT_EQ(received->message.destination, to_mapped(kLma));
    EXPECT_EQ(received->message.mobility_header, kHeader);
    EXPECT_EQ(received->message.hop_limit, 64);
    EXPECT_EQ(received->source_port, 5436);
    EXPECT_FALSE(host.lma->receive().value()) << "once";
  });
}

TEST(UdpMobilitySocket, AnswersGoToThePortThatAsked) {
  in_private_namespace([] {
    TwoSockets host;
    const UniqueFd asking(::socket(AF_INET, SOCK_DGRAM, 0));
    ::sockaddr_in lma{};
    lma.sin_family = AF_INET;
    lma.sin_port = htons(UdpMobilitySocket::kPort);
    lma.sin_addr.s_addr = htonl(to_number(kLma));
    ASSERT_EQ(::connect(asking.get(), reinterpret_cast<::sockaddr*>(&lma), sizeof lma), 0);
    ASSERT_EQ(::send(asking.get(), kHeader.data(), kHeader.size(), 0), 64);
    const auto asked = receive_one(*host.lma);
    ASSERT_TRUE(asked);
    ASSERT_TRUE(host.lma->send(asked->message.source, asked->source_port, kHeader));
    Bytes answer(128);
    EXPECT_EQ(::recv(asking.get(), answer.data(), answer.size(), 0), 64);
  });
}

/// RFC 5844 section 4.1.3.2. It stands in the packet, if only as the sum that an interface completes.
TEST(UdpMobilitySocket, UdpHasAChecksum) {
  in_private_namespace([] {
    TwoSockets host;
    const UniqueFd wire(::socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP)));
    ASSERT_TRUE(wire);
    ASSERT_TRUE(host.mag->send(to_mapped(kLma), 0, kHeader));
    Bytes packet(256);
    ASSERT_EQ(::recv(wire.get(), packet.data(), packet.size(), 0), 20 + 8 + 64);
    EXPECT_EQ(packet[22] << 8 | packet[23], 5436);
    EXPECT_NE(packet[26] << 8 | packet[27], 0);
  });
}

TEST(UdpMobilitySocket, LargerThanAnyHeaderIsCounted) {
  in_private_namespace([] {
    TwoSockets host;
    ASSERT_TRUE(host.mag->send(to_mapped(kLma), 0, Bytes(MobilitySocket::kMaxMessage + 1)));
    ASSERT_TRUE(host.mag->send(to_mapped(kLma), 0, kHeader));
    EXPECT_EQ(receive_one(*host.lma)->message.mobility_header, kHeader);
    EXPECT_EQ(host.lma->counters().truncated, 1U);
  });
}

}  // namespace
}  // namespace flowmob::platform
