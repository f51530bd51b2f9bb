// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/returning_interfaces.h"

#include <gtest/gtest.h>

namespace flowmob::daemon {
namespace {

constexpr InterfaceIndex kThree{3}, kFour{4};

TEST(ReturningInterfaces, AnInterfaceThatStaysIsNoNews) {
  ReturningInterfaces interfaces;
  EXPECT_FALSE(interfaces.has_returned("a", kThree));
  EXPECT_FALSE(interfaces.has_returned("a", kThree));
  EXPECT_FALSE(interfaces.has_returned("b", kFour));
}

TEST(ReturningInterfaces, AnotherIndexIsAnotherInterface) {
  ReturningInterfaces interfaces;
  interfaces.has_returned("a", kThree);
  EXPECT_TRUE(interfaces.has_returned("a", kFour));
  EXPECT_FALSE(interfaces.has_returned("a", kFour));
}

TEST(ReturningInterfaces, TheSameIndexAfterAnAbsenceIsToo) {
  ReturningInterfaces interfaces;
  interfaces.has_returned("a", kThree);
  EXPECT_FALSE(interfaces.has_returned("a", std::nullopt));
  EXPECT_TRUE(interfaces.has_returned("a", kThree));
  EXPECT_FALSE(interfaces.has_returned("a", kThree));
}

TEST(ReturningInterfaces, WhatWasMissingAtTheStartComes) {
  ReturningInterfaces interfaces;
  EXPECT_FALSE(interfaces.has_returned("a", std::nullopt));
  EXPECT_TRUE(interfaces.has_returned("a", kThree));
}

}  // namespace
}  // namespace flowmob::daemon
