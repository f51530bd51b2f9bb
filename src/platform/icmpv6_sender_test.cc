// SPDX-License-Identifier: Apache-2.0
#include "platform/icmpv6_sender.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>

#include <array>

#include "platform/private_namespace_for_test.h"

namespace flowmob::platform {
namespace {

TEST(Icmpv6Sender, ErrorArrivesFromTheGivenSourceWithItsChecksumInPlace) {
  testing::in_private_namespace([] {
    auto netlink = Netlink::open().value();
    const auto lo = netlink.link("lo").value().index;
    ASSERT_TRUE(netlink.set_up(lo, true));
    const auto here = Ipv6Address::parse("2001:db8:f::1").value();
    const auto there = Ipv6Address::parse("2001:db8:a::1").value();
    for (const auto& address : {here, there}) {
      ASSERT_TRUE(netlink.ensure_address({lo, address, 128}));
      ASSERT_TRUE(testing::eventually([&] { return netlink.path_to(address)->local; }));
    }
    const UniqueFd listener(::socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
    ASSERT_TRUE(listener);
    auto sender = Icmpv6Sender::open().value();
    const Bytes error{4, 0, 0, 0, 0, 0, 0, 40, 1, 2, 3, 4};
    const auto sent = sender.send(here, there, error);
    ASSERT_TRUE(sent) << sent.error().message;
    ::pollfd entry{listener.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&entry, 1, 20000), 1);
    std::array<std::uint8_t, 64> buffer{};
    ::sockaddr_in6 source{};
    ::socklen_t length = sizeof source;
    const auto count = ::recvfrom(listener.get(), buffer.data(), buffer.size(), 0,
                                  reinterpret_cast<::sockaddr*>(&source), &length);
    ASSERT_EQ(count, static_cast<::ssize_t>(error.size()));
    EXPECT_EQ(Ipv6Address::from_bytes(source.sin6_addr.s6_addr), here);
    EXPECT_EQ(buffer[0], 4);
    EXPECT_NE(buffer[2] << 8 | buffer[3], 0) << "the kernel discards an error with a wrong checksum, too";
    EXPECT_EQ(buffer[7], 40);
  });
}

}  // namespace
}  // namespace flowmob::platform
