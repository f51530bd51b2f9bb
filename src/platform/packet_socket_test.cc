// SPDX-License-Identifier: Apache-2.0
#include "platform/packet_socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <set>

#include "platform/private_namespace_for_test.h"

namespace flowmob::platform {
namespace {

using testing::in_private_namespace;
using testing::VethForTest;

NdFrame router_solicitation() {
  NdFrame frame;
  frame.link_source = MacAddress::parse("02:00:00:00:01:01").value();
  frame.link_destination = MacAddress::parse("33:33:00:00:00:02").value();
  frame.source = Ipv6Address::parse("fe80::ff:fe00:101").value();
  frame.destination = Ipv6Address::parse("ff02::2").value();
  frame.icmpv6 = {133, 0, 0xab, 0xcd, 0, 0, 0, 0};
  return frame;
}

/// A pair of links on which the kernel itself says nothing.
struct SilentVeth {
  SilentVeth()
      : netlink(Netlink::open().value()),
        quiet(set_ipv6("default", Ipv6Setting::DisableIpv6, 1)),
        veth(netlink, "a", "b") {
    EXPECT_TRUE(quiet);
  }
  Netlink netlink;
  Result<void> quiet;
  VethForTest veth;
};

std::optional<NdFrame> receive_one(PacketSocket& socket) {
  ::pollfd entry{socket.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&entry, 1, 20000), 1) << "nothing arrived";
  auto frame = socket.receive();
  EXPECT_TRUE(frame) << frame.error().message;
  return frame ? *frame : std::nullopt;
}

/// Sends octets as they are.
void inject(InterfaceIndex interface, const Bytes& frame) {
  const UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  ::sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = static_cast<int>(interface.value);
  ASSERT_EQ(::sendto(fd.get(), frame.data(), frame.size(), 0, reinterpret_cast<::sockaddr*>(&to), sizeof to),
            static_cast<::ssize_t>(frame.size()));
}

Bytes frame_of(std::uint16_t ether_type, std::uint8_t next_header, int type, std::size_t claimed,
               std::size_t actual) {
  Bytes bytes(14 + 40 + actual, 0);
  bytes[5] = 1;
  bytes[11] = 2;
  bytes[12] = static_cast<std::uint8_t>(ether_type >> 8);
  bytes[13] = static_cast<std::uint8_t>(ether_type);
  bytes[14] = 0x60;
  bytes[18] = static_cast<std::uint8_t>(claimed >> 8);
  bytes[19] = static_cast<std::uint8_t>(claimed);
  bytes[20] = next_header;
  bytes[21] = 255;
  if (actual > 0) bytes[54] = static_cast<std::uint8_t>(type);
  return bytes;
}

TEST(PacketSocket, FrameArrivesWithBothItsHeaders) {
  in_private_namespace([] {
    SilentVeth link;
    PacketSocket node = PacketSocket::open(link.veth.here.index).value();
    PacketSocket gateway = PacketSocket::open(link.veth.there.index).value();
    const NdFrame sent = router_solicitation();
    ASSERT_TRUE(node.send(sent));
    const auto received = receive_one(gateway);
    ASSERT_TRUE(received);
    EXPECT_EQ(received->link_source, sent.link_source) << "not the interface's own: the caller chose it";
    EXPECT_EQ(received->link_destination, sent.link_destination);
    EXPECT_EQ(received->source, sent.source);
    EXPECT_EQ(received->destination, sent.destination);
    EXPECT_EQ(received->hop_limit, 255);
    EXPECT_EQ(received->icmpv6, sent.icmpv6);
    EXPECT_FALSE(node.receive().value()) << "nobody hears itself";
  });
}

/// Those of this process, as /proc names them.
std::set<std::string> sockets() {
  std::set<std::string> names;
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    if (const auto name = std::filesystem::read_symlink(entry, gone).string(); name.starts_with("socket:"))
      names.insert(name);
  return names;
}

TEST(PacketSocket, IsClosedInTheEnd) {
  in_private_namespace([] {
    auto netlink = Netlink::open().value();
    const VethForTest pair(netlink, "one", "two");
    const auto before = sockets();
    {
      const auto socket = PacketSocket::open(pair.here.index).value();
      ASSERT_EQ(sockets().size(), before.size() + 1);
      auto moved = PacketSocket::open(pair.there.index).value();
      moved = PacketSocket::open(pair.here.index).value();
    }
    EXPECT_TRUE(testing::eventually([&] { return sockets() == before; }));
  });
}

TEST(PacketSocket, MulticastAdvertisementGoesToOneLinkLayerAddress) {
  in_private_namespace([] {
    SilentVeth link;
    PacketSocket gateway = PacketSocket::open(link.veth.here.index).value();
    PacketSocket node = PacketSocket::open(link.veth.there.index).value();
    NdFrame advertisement = router_solicitation();
    advertisement.link_destination = link.veth.there.mac;  // RFC 6085
    advertisement.destination = Ipv6Address::parse("ff02::1").value();
    advertisement.icmpv6 = Bytes(16, 0);
    advertisement.icmpv6[0] = 134;
    ASSERT_TRUE(gateway.send(advertisement));
    EXPECT_EQ(receive_one(node)->link_destination, link.veth.there.mac);
  });
}

TEST(PacketSocket, OnlyNeighborDiscoveryComesUp) {
  in_private_namespace([] {
    SilentVeth link;
    PacketSocket socket = PacketSocket::open(link.veth.there.index).value();
    const InterfaceIndex from = link.veth.here.index;
    for (const int type : {0, 128, 129, 132, 137, 255}) inject(from, frame_of(ETH_P_IPV6, 58, type, 8, 8));
    inject(from, frame_of(ETH_P_IPV6, 17, 133, 8, 8));
    inject(from, frame_of(ETH_P_IP, 58, 133, 8, 8));
    for (const int type : {133, 134, 135, 136}) inject(from, frame_of(ETH_P_IPV6, 58, type, 8, 8));
    for (const int type : {133, 134, 135, 136}) EXPECT_EQ(receive_one(socket)->icmpv6.at(0), type);
    EXPECT_FALSE(socket.receive().value());
    EXPECT_EQ(socket.counters().received, 4u);
  });
}

TEST(PacketSocket, WhoeverHearsFirstHearsWhatIsForThisHost) {
  in_private_namespace([] {
    SilentVeth link;
    const InterfaceIndex from = link.veth.here.index;
    PacketSocket first =
        PacketSocket::open(link.veth.there.index, LinkHeader::Ethernet, PacketSocket::Hearing::First).value();
    Bytes tagged = frame_of(ETH_P_IPV6, 58, 134, 8, 8);
    tagged[0] = tagged[1] = 0x33;  // a group's
    const Bytes untagged = tagged;
    tagged.insert(tagged.begin() + 12, {0x81, 0x00, 0x00, 0x0a});
    inject(from, frame_of(ETH_P_IPV6, 58, 133, 8, 8));  // another host's
    inject(from, tagged);
    inject(from, untagged);
    EXPECT_EQ(receive_one(first)->icmpv6.at(0), 134);
    EXPECT_FALSE(first.receive().value());
    EXPECT_EQ(first.counters().received, 1u);
    EXPECT_EQ(first.counters().malformed, 0u);
  });
}

TEST(PacketSocket, WhoeverHearsFirstHearsQueriesForGroups) {
  in_private_namespace([] {
    SilentVeth link;
    PacketSocket first =
        PacketSocket::open(link.veth.there.index, LinkHeader::Ethernet, PacketSocket::Hearing::First).value();
    PacketSocket other = PacketSocket::open(link.veth.here.index).value();
    NdFrame frame;
    frame.link_destination = MacAddress::parse("33:33:00:00:00:01").value();
    frame.hop_limit = 1;
    frame.router_alert = true;
    frame.icmpv6 = Bytes(28, 0);
    for (const auto type : Bytes{131, 134, 143, 130}) {
      frame.icmpv6[0] = type;
      ASSERT_TRUE(other.send(frame));
    }
    const auto heard = receive_one(first);
    EXPECT_EQ(heard->icmpv6, frame.icmpv6);
    EXPECT_TRUE(heard->router_alert);
    EXPECT_EQ(heard->hop_limit, 1);
    frame.router_alert = false;
    ASSERT_TRUE(other.send(frame));
    EXPECT_FALSE(first.receive().value()) << "without the option it is none (RFC 3810 section 6.2)";
    EXPECT_EQ(first.counters().received, 1u);
  });
}

TEST(PacketSocket, PaddingIsCutAndAShortPacketIsCounted) {
  in_private_namespace([] {
    SilentVeth link;
    PacketSocket socket = PacketSocket::open(link.veth.there.index).value();
    inject(link.veth.here.index, frame_of(ETH_P_IPV6, 58, 133, 100, 8));  // says more than it has
    inject(link.veth.here.index, frame_of(ETH_P_IPV6, 58, 133, 8, 0));    // ends before its type
    inject(link.veth.here.index, frame_of(ETH_P_IPV6, 58, 133, 8, 40));   // trailing octets
    EXPECT_EQ(receive_one(socket)->icmpv6.size(), 8u);
    EXPECT_FALSE(socket.receive().value());
    EXPECT_EQ(socket.counters().malformed, 1u);
  });
}

TEST(PacketSocket, WhatTheInterfaceHeardEarlierOrElsewhereStaysOut) {
  in_private_namespace([] {
    SilentVeth link;
    const VethForTest other(link.netlink, "c", "d");
    PacketSocket socket = PacketSocket::open(link.veth.there.index).value();
    inject(other.here.index, frame_of(ETH_P_IPV6, 58, 133, 8, 8));
    inject(link.veth.here.index, frame_of(ETH_P_IPV6, 58, 134, 8, 8));
    EXPECT_EQ(receive_one(socket)->icmpv6.at(0), 134);
    EXPECT_FALSE(socket.receive().value());
  });
}

TEST(PacketSocket, GoingDownIsToldOnceAndItWorksAgainAfterwards) {
  in_private_namespace([] {
    SilentVeth link;
    PacketSocket socket = PacketSocket::open(link.veth.there.index).value();
    ASSERT_TRUE(link.netlink.set_up(link.veth.there.index, false));
    EXPECT_EQ(socket.receive().error().code, "interface-down");
    EXPECT_FALSE(socket.receive().value());
    EXPECT_EQ(socket.send(router_solicitation()).error().code, "interface-down");
    EXPECT_EQ(socket.counters().send_failures, 1u);
    ASSERT_TRUE(link.netlink.set_up(link.veth.there.index, true));
    EXPECT_TRUE(testing::eventually([&] {
      inject(link.veth.here.index, frame_of(ETH_P_IPV6, 58, 133, 8, 8));
      return socket.receive().value().has_value();
    })) << "the kernel opens the transmit queue a moment after the carrier";
  });
}

/// A link without a header: what is written to the descriptor comes in, what goes out is read.
struct Tun {
  Tun() : fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)) {
    ::ifreq request{};
    std::strcpy(request.ifr_name, "tun0");
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    EXPECT_EQ(::ioctl(fd.get(), TUNSETIFF, &request), 0);
  }
  UniqueFd fd;
};

TEST(PacketSocket, WithoutALinkHeaderThePacketIsAll) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    ASSERT_TRUE(set_ipv6("default", Ipv6Setting::DisableIpv6, 1));
    const Tun tun;
    const Link link = netlink.link("tun0").value();
    EXPECT_EQ(link.type, ARPHRD_NONE);
    EXPECT_TRUE(link.point_to_point);
    EXPECT_TRUE(link.mac.is_zero());
    ASSERT_TRUE(netlink.set_up(link.index, true));
    PacketSocket socket = PacketSocket::open(link.index, LinkHeader::None).value();
    const NdFrame sent = router_solicitation();
    ASSERT_TRUE(socket.send(sent));
    Bytes packet(100);
    ASSERT_EQ(::read(tun.fd.get(), packet.data(), packet.size()), 48);
    packet.resize(48);
    EXPECT_EQ(packet[0] >> 4, 6);
    EXPECT_EQ(ByteView(packet).subspan(40).size(), sent.icmpv6.size());

    for (const int type : {128, 132, 137, 133, 134, 135, 136}) {
      packet[40] = static_cast<std::uint8_t>(type);
      ASSERT_EQ(::write(tun.fd.get(), packet.data(), packet.size()), 48);
    }
    for (const int type : {133, 134, 135, 136}) {
      const auto received = receive_one(socket);
      ASSERT_TRUE(received);
      EXPECT_EQ(received->icmpv6.at(0), type);
      EXPECT_EQ(received->source, sent.source);
      EXPECT_EQ(received->destination, sent.destination);
      EXPECT_EQ(received->hop_limit, 255);
      EXPECT_TRUE(received->link_source.is_zero());
    }
    EXPECT_FALSE(socket.receive().value());
    packet[5] = 100;  // says more than it has
    ASSERT_EQ(::write(tun.fd.get(), packet.data(), packet.size()), 48);
    EXPECT_FALSE(socket.receive().value());
    EXPECT_EQ(socket.counters().malformed, 1u);
  });
}

TEST(PacketSocket, MissingInterface) {
  in_private_namespace([] {
    const auto socket = PacketSocket::open(InterfaceIndex{4711});
    ASSERT_FALSE(socket);
    EXPECT_EQ(socket.error().code, "packet-socket-failed");
  });
}

}  // namespace
}  // namespace flowmob::platform
