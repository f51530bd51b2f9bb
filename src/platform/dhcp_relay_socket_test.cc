// SPDX-License-Identifier: Apache-2.0
#include "platform/dhcp_relay_socket.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "platform/private_namespace_for_test.h"

namespace flowmob::platform {
namespace {

using testing::in_private_namespace;

const Ipv4Address kServer = Ipv4Address::parse("127.0.0.1").value(),
                  kRelay = Ipv4Address::parse("127.0.0.2").value();

void loopback_up() {
  auto netlink = Netlink::open().value();
  ASSERT_TRUE(netlink.set_up(netlink.link("lo").value().index, true));
}

TEST(DhcpRelaySocket, GoesFromServerPortToServerPort) {
  in_private_namespace([] {
    loopback_up();
    auto server = DhcpRelaySocket::open(kServer).value();
    auto relay = DhcpRelaySocket::open(kRelay).value();
    ASSERT_TRUE(relay.send(kServer, Bytes(300, 7)));
    ::pollfd entry{server.fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&entry, 1, 20000), 1);
    const auto received = server.receive().value();
    ASSERT_TRUE(received);
    EXPECT_EQ(received->server, kRelay);
    EXPECT_EQ(received->payload, Bytes(300, 7));
    EXPECT_FALSE(server.receive().value()) << "once";
    EXPECT_EQ(server.counters().received, 1U);
    EXPECT_EQ(relay.counters().sent, 1U);
  });
}

TEST(DhcpRelaySocket, SaysWhetherTheAddressIsMissingOrTaken) {
  in_private_namespace([] {
    loopback_up();
    EXPECT_EQ(DhcpRelaySocket::open(Ipv4Address::parse("192.0.2.1").value()).error().code,
              "address-unavailable");
    const auto first = DhcpRelaySocket::open(kRelay).value();
    EXPECT_EQ(DhcpRelaySocket::open(kRelay).error().code, "address-in-use");
  });
}

}  // namespace
}  // namespace flowmob::platform
