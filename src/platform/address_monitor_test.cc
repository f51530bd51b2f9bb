// SPDX-License-Identifier: Apache-2.0
#include "platform/address_monitor.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include "platform/private_namespace_for_test.h"

namespace flowmob::platform {
namespace {

using testing::in_private_namespace;
using testing::VethForTest;

Ipv6Address numbered(unsigned number) {
  auto address = Ipv6Address::parse("2001:db8::").value();
  address.octets[15] = static_cast<std::uint8_t>(number);
  return address;
}

bool tells_of(AddressMonitor& monitor, InterfaceIndex interface, const Ipv6Address& address) {
  ::pollfd entry{monitor.fd(), POLLIN, 0};
  while (::poll(&entry, 1, 20000) == 1) {
    const auto told = monitor.receive().value();
    for (const auto& found : told)
      if (found.interface == interface && found.address == address) return true;
  }
  return false;
}

TEST(AddressMonitor, TellsOfWhatIsAddedAndNotOfWhatIsRemoved) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    const VethForTest pair(netlink, "a", "b");
    AddressMonitor monitor = AddressMonitor::open().value();
    const auto index = pair.here.index;
    ASSERT_TRUE(netlink.ensure_address({.interface = index, .address = numbered(1)}));
    EXPECT_TRUE(tells_of(monitor, index, numbered(1)));
    ASSERT_TRUE(netlink.remove_address(index, numbered(1), 64));
    const auto more = monitor.receive().value();
    EXPECT_EQ(std::ranges::count(more, numbered(1), &InterfaceAddress::address), 0);
  });
}

TEST(AddressMonitor, WhenAnnouncementsWereLostItTellsOfAllThatThereAre) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    const VethForTest pair(netlink, "a", "b");
    AddressMonitor monitor = AddressMonitor::open().value();
    const int tiny = 1;
    ASSERT_EQ(::setsockopt(monitor.fd(), SOL_SOCKET, SO_RCVBUF, &tiny, sizeof tiny), 0);
    for (unsigned number = 1; number <= 100; ++number)
      ASSERT_TRUE(netlink.ensure_address({.interface = pair.here.index, .address = numbered(number)}));
    ::pollfd lost{monitor.fd(), 0, 0};  // they come a little later
    ASSERT_EQ(::poll(&lost, 1, 20000), 1);
    const auto told = monitor.receive().value();
    EXPECT_EQ(std::ranges::count(told, numbered(1), &InterfaceAddress::address), 1);
    EXPECT_EQ(std::ranges::count(told, numbered(100), &InterfaceAddress::address), 1)
        << "its announcement was lost for want of room";
  });
}

}  // namespace
}  // namespace flowmob::platform
