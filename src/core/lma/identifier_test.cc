// SPDX-License-Identifier: Apache-2.0
#include "core/lma/identifier.h"

#include <gtest/gtest.h>

namespace flowmob::core {
namespace {

TEST(Identifier, TextStaysAsItIs) { EXPECT_EQ(escaped("mn1@example.org"), "mn1@example.org"); }

TEST(Identifier, EveryOctetSurvives) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(unescaped(escaped(all)), all);
  EXPECT_EQ(escaped(std::string("\0\\\xff", 3)), "\\x00\\x5c\\xff");
}

TEST(Identifier, RefusesBrokenEscapes) {
  for (const char* text : {"\\", "\\x", "\\x1", "\\y00", "\\xzz", "\\x1 "})
    EXPECT_EQ(unescaped(text).error().code, "bad-escape") << text;
}

}  // namespace
}  // namespace flowmob::core
