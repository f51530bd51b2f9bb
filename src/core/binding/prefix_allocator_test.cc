// SPDX-License-Identifier: Apache-2.0
#include "core/binding/prefix_allocator.h"

#include <gtest/gtest.h>

#include <set>

namespace flowmob::core {
namespace {

Ipv6Prefix parsed(const char* text) { return Ipv6Prefix::parse(text).value(); }

PrefixAllocator with_pools(std::vector<Ipv6Prefix> pools, std::vector<Ipv6Prefix> reserved = {}) {
  PrefixAllocator allocator;
  allocator.configure(pools, reserved);
  return allocator;
}

TEST(PrefixAllocator, GivesEachPrefixOfAPoolOnce) {
  auto allocator = with_pools({parsed("2001:db8:100::/60")});
  std::set<Ipv6Prefix> given;
  while (auto p = allocator.allocate()) {
    EXPECT_TRUE(parsed("2001:db8:100::/60").contains(*p));
    EXPECT_EQ(p->length, 64);
    given.insert(*p);
  }
  EXPECT_EQ(given.size(), 16U);
}

TEST(PrefixAllocator, SkipsWhatIsReserved) {
  auto allocator = with_pools({parsed("2001:db8::/63")}, {parsed("2001:db8::/64")});
  EXPECT_EQ(allocator.allocate(), parsed("2001:db8:0:1::/64"));
  EXPECT_EQ(allocator.allocate(), std::nullopt);
  EXPECT_FALSE(allocator.is_offered(parsed("2001:db8::/64")));
}

TEST(PrefixAllocator, GivesOutWhatCameBackLast) {
  auto allocator = with_pools({parsed("2001:db8::/62")});
  const auto first = allocator.allocate();
  allocator.release({*first});
  EXPECT_NE(allocator.allocate(), first);
  EXPECT_NE(allocator.allocate(), first);
  EXPECT_NE(allocator.allocate(), first);
  EXPECT_EQ(allocator.allocate(), first);
}

TEST(PrefixAllocator, GoesOnToTheNextPool) {
  auto allocator = with_pools({parsed("2001:db8:1::/64"), parsed("2001:db8:2::/64")});
  EXPECT_EQ(allocator.allocate(), parsed("2001:db8:1::/64"));
  EXPECT_EQ(allocator.allocate(), parsed("2001:db8:2::/64"));
  EXPECT_EQ(allocator.allocate(), std::nullopt);
}

TEST(PrefixAllocator, ClaimsAllOrNone) {
  auto allocator = with_pools({parsed("2001:db8::/62")});
  const auto a = parsed("2001:db8::/64"), b = parsed("2001:db8:0:1::/64");
  EXPECT_TRUE(allocator.claim({b}));
  EXPECT_FALSE(allocator.claim({a, b}));
  EXPECT_TRUE(allocator.claim({a}));
}

TEST(PrefixAllocator, OffersOnlyWhole64sOfItsPools) {
  const auto allocator = with_pools({parsed("2001:db8::/48")});
  EXPECT_TRUE(allocator.is_offered(parsed("2001:db8:0:7::/64")));
  EXPECT_FALSE(allocator.is_offered(parsed("2001:db8::/56")));
  EXPECT_FALSE(allocator.is_offered(parsed("2001:db8:1::/64")));
}

TEST(PrefixAllocator, ANewConfigurationKeepsWhatIsInUse) {
  auto allocator = with_pools({parsed("2001:db8::/63")});
  const auto used = allocator.allocate();
  allocator.configure({parsed("2001:db8::/63"), parsed("2001:db8:9::/64")}, {});
  EXPECT_NE(allocator.allocate(), used);
  EXPECT_EQ(allocator.allocate(), parsed("2001:db8:9::/64"));
}

TEST(PrefixAllocator, TheWholeAddressSpaceIsAPoolToo) {
  auto allocator = with_pools({parsed("::/0")});
  EXPECT_TRUE(allocator.allocate());
  EXPECT_TRUE(allocator.allocate());
}

}  // namespace
}  // namespace flowmob::core
