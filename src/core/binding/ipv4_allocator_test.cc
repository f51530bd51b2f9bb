// SPDX-License-Identifier: Apache-2.0
#include "core/binding/ipv4_allocator.h"

#include <gtest/gtest.h>

#include <set>

namespace flowmob::core {
namespace {

Ipv4Interface pool(const char* text) { return Ipv4Interface::parse(text).value(); }
Ipv4Address ip(const char* text) { return Ipv4Address::parse(text).value(); }

TEST(Ipv4Allocator, GivesOutEveryHostOnce) {
  Ipv4Allocator allocator;
  allocator.configure({pool("192.0.2.1/29")}, {ip("192.0.2.4")});
  std::set<std::string> given;
  while (const auto home = allocator.allocate()) {
    EXPECT_EQ(home->router, ip("192.0.2.1"));
    EXPECT_TRUE(given.insert(home->address.to_string()).second);
  }
  EXPECT_EQ(given, (std::set<std::string>{"192.0.2.2/29", "192.0.2.3/29", "192.0.2.5/29", "192.0.2.6/29"}));
}

TEST(Ipv4Allocator, GoesOnToTheNextPool) {
  Ipv4Allocator allocator;
  allocator.configure({pool("192.0.2.1/30"), pool("198.51.100.6/30")}, {});
  EXPECT_EQ(allocator.allocate()->address.to_string(), "192.0.2.2/30");
  EXPECT_EQ(allocator.allocate()->address.to_string(), "198.51.100.5/30");
  EXPECT_FALSE(allocator.allocate());
}

TEST(Ipv4Allocator, WhatWasGivenBackIsNotTheNext) {
  Ipv4Allocator allocator;
  allocator.configure({pool("192.0.2.1/29")}, {});
  const auto first = allocator.allocate()->address.address;
  allocator.release(first);
  EXPECT_NE(allocator.allocate()->address.address, first);
  for (int i = 0; i < 3; ++i) EXPECT_NE(allocator.allocate()->address.address, first);
  EXPECT_EQ(allocator.allocate()->address.address, first);
}

TEST(Ipv4Allocator, OneAddressHasOneOwner) {
  Ipv4Allocator allocator;
  allocator.configure({pool("192.0.2.1/24")}, {ip("192.0.2.9")});
  EXPECT_TRUE(allocator.claim(ip("192.0.2.2")));
  EXPECT_FALSE(allocator.claim(ip("192.0.2.2")));
  EXPECT_NE(allocator.allocate()->address.address, ip("192.0.2.2"));
}

TEST(Ipv4Allocator, OffersHostsOfItsPoolsAlone) {
  Ipv4Allocator allocator;
  EXPECT_FALSE(allocator.is_enabled());
  allocator.configure({pool("192.0.2.1/24")}, {ip("192.0.2.9")});
  EXPECT_TRUE(allocator.is_enabled());
  EXPECT_TRUE(allocator.is_offered(ip("192.0.2.77")));
  for (const char* other : {"192.0.2.1", "192.0.2.0", "192.0.2.255", "192.0.3.7", "192.0.2.9"})
    EXPECT_FALSE(allocator.is_offered(ip(other))) << other;
  EXPECT_TRUE(allocator.home_of(ip("192.0.2.9")));
}

}  // namespace
}  // namespace flowmob::core
