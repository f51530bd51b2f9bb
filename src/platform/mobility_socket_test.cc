// SPDX-License-Identifier: Apache-2.0
#include "platform/mobility_socket.h"

#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/private_namespace_for_test.h"

namespace flowmob::platform {
namespace {

using testing::in_private_namespace;
using testing::VethForTest;

const Ipv6Address kLmaHere = Ipv6Address::parse("2001:db8:f::1").value();
const Ipv6Address kMagHere = Ipv6Address::parse("2001:db8:a::1").value();

/// Both addresses on one host: messages cross the loopback interface as they would cross a wire.
struct TwoAddresses {
  TwoAddresses() {
    netlink = std::make_unique<Netlink>(Netlink::open().value());
    const InterfaceIndex lo = netlink->link("lo").value().index;
    EXPECT_TRUE(netlink->set_up(lo, true));
    for (const Ipv6Address& address : {kLmaHere, kMagHere}) {
      EXPECT_TRUE(netlink->ensure_address({lo, address, 128}));
      // The kernel adds the route that delivers to a new address in its own time.
      EXPECT_TRUE(testing::eventually([&] { return netlink->path_to(address)->local; }));
    }
  }
  std::unique_ptr<Netlink> netlink;
};

/// A header of `size` octets with a checksum that is certainly wrong.
Bytes header(std::size_t size) {
  Bytes bytes(size, 0x55);
  bytes[0] = 59;
  bytes[1] = static_cast<std::uint8_t>(size / 8 - 1);
  bytes[4] = 0xde;
  bytes[5] = 0xad;
  return bytes;
}

ReceivedMessage receive_one(MobilitySocket& socket) {
  ::pollfd entry{socket.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&entry, 1, 20000), 1);
  auto message = socket.receive();
  EXPECT_TRUE(message && *message);
  return message && *message ? **message : ReceivedMessage{};
}

TEST(MobilitySocket, MessageArrivesAsItWasSentWithWhereFromAndWhereTo) {
  in_private_namespace([] {
    TwoAddresses host;
    MobilitySocket lma = MobilitySocket::open(kLmaHere).value();
    MobilitySocket mag = MobilitySocket::open(kMagHere).value();
    const Bytes sent = header(64);
    const auto done = mag.send(kMagHere, kLmaHere, sent);
    ASSERT_TRUE(done) << done.error().message;
    const ReceivedMessage received = receive_one(lma);
    EXPECT_EQ(received.source, kMagHere);
    EXPECT_EQ(received.destination, kLmaHere);
    EXPECT_EQ(received.interface, host.netlink->link("lo")->index);
    EXPECT_EQ(received.hop_limit, 64);
    EXPECT_EQ(received.mobility_header, sent) << "the checksum neither replaced nor verified by the kernel";
    EXPECT_FALSE(lma.receive().value()) << "once";
    EXPECT_FALSE(mag.receive().value()) << "only who was meant";
    EXPECT_EQ(mag.counters().sent, 1u);
    EXPECT_EQ(lma.counters().received, 1u);
  });
}

/// RFC 5213 sections 5.3.6 and 6.9.1.5: neither a routing header nor a Home Address option.
TEST(MobilitySocket, TheMobilityHeaderFollowsTheIpv6HeaderAtOnce) {
  in_private_namespace([] {
    TwoAddresses host;
    MobilitySocket mag = MobilitySocket::open(kMagHere).value();
    const int wire = ::socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IPV6));
    ASSERT_GE(wire, 0);
    ASSERT_TRUE(mag.send(kMagHere, kLmaHere, header(64)));
    Bytes packet;
    do {
      packet.resize(256);
      const auto size = ::recv(wire, packet.data(), packet.size(), 0);
      ASSERT_GT(size, 40);
      packet.resize(static_cast<std::size_t>(size));
    } while (Bytes(packet.begin() + 24, packet.begin() + 40) !=
             Bytes(kLmaHere.octets.begin(), kLmaHere.octets.end()));
    ::close(wire);
    EXPECT_EQ(packet[6], 135);
    EXPECT_EQ(Bytes(packet.begin() + 40, packet.end()), header(64));
  });
}

TEST(MobilitySocket, LargestHeaderPassesLargerOnesAreCounted) {
  in_private_namespace([] {
    TwoAddresses host;
    MobilitySocket lma = MobilitySocket::open(kLmaHere).value();
    MobilitySocket mag = MobilitySocket::open(kMagHere).value();
    Bytes oversized = header(MobilitySocket::kMaxMessage);
    oversized.push_back(0);
    ASSERT_TRUE(mag.send(kMagHere, kLmaHere, oversized));
    ASSERT_TRUE(mag.send(kMagHere, kLmaHere, header(MobilitySocket::kMaxMessage)));
    EXPECT_EQ(receive_one(lma).mobility_header.size(), MobilitySocket::kMaxMessage);
    EXPECT_EQ(lma.counters().truncated, 1u);
    EXPECT_EQ(lma.counters().received, 1u);
  });
}

TEST(MobilitySocket, TooShortADatagramIsHandedOn) {
  in_private_namespace([] {
    TwoAddresses host;
    MobilitySocket lma = MobilitySocket::open(kLmaHere).value();
    MobilitySocket mag = MobilitySocket::open(kMagHere).value();
    const auto done = mag.send(kMagHere, kLmaHere, Bytes{59, 0, 5, 0});
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(receive_one(lma).mobility_header, (Bytes{59, 0, 5, 0})) << "the codec rejects and counts it";
  });
}

TEST(MobilitySocket, NothingWaitsNothingBlocks) {
  in_private_namespace([] {
    TwoAddresses host;
    MobilitySocket lma = MobilitySocket::open(kLmaHere).value();
    const auto nothing = lma.receive();
    ASSERT_TRUE(nothing);
    EXPECT_FALSE(*nothing);
  });
}

TEST(MobilitySocket, UnreachablePeerAndForeignSourceAreErrors) {
  in_private_namespace([] {
    TwoAddresses host;
    MobilitySocket lma = MobilitySocket::open(kLmaHere).value();
    const Ipv6Address nowhere = Ipv6Address::parse("2001:db8:dead::1").value();
    EXPECT_EQ(lma.send(kLmaHere, nowhere, header(16)).error().code, "send-failed");
    EXPECT_EQ(lma.send(nowhere, kMagHere, header(16)).error().code, "send-failed")
        << "not an address of ours";
    EXPECT_EQ(lma.counters().send_failures, 2u);
    EXPECT_TRUE(lma.send(kLmaHere, kMagHere, header(16))) << "and the next one goes";
  });
}

TEST(MobilitySocket, FullQueuesAreAnErrorNotAWait) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    const VethForTest veth(netlink, "a", "b");
    ASSERT_TRUE(netlink.ensure_address({veth.here.index, kLmaHere}));
    const Ipv6Address silent = Ipv6Address::parse("2001:db8:f::99").value();
    MobilitySocket lma = MobilitySocket::open(kLmaHere).value();
    const int tiny = 1;
    ASSERT_EQ(::setsockopt(lma.fd(), SOL_SOCKET, SO_SNDBUF, &tiny, sizeof tiny), 0);
    // Packets for a neighbour that never answers stay charged to the socket until it is given up.
    std::string code;
    for (int i = 0; i < 1000 && code.empty(); ++i) {
      const auto sent = lma.send(kLmaHere, silent, header(MobilitySocket::kMaxMessage / 2));
      if (!sent) code = sent.error().code;
    }
    EXPECT_EQ(code, "would-block");
  });
}

TEST(MobilitySocket, AddressThatIsNotOurs) {
  in_private_namespace([] {
    const auto socket = MobilitySocket::open(kLmaHere);
    ASSERT_FALSE(socket);
    EXPECT_EQ(socket.error().code, "address-unavailable");
  });
}

}  // namespace
}  // namespace flowmob::platform
