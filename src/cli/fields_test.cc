// SPDX-License-Identifier: Apache-2.0
#include "cli/fields.h"

#include <gtest/gtest.h>

namespace flowmob::cli {
namespace {

TEST(Fields, WhatIsNotThereIsEmpty) {
  const Json object{{"name", "x"}, {"count", 5}, {"share", 1.5}, {"list", Json::array({1})}};
  EXPECT_EQ(text_of(object, "name"), "x");
  EXPECT_EQ(text_of(object, "count"), "5");
  EXPECT_EQ(text_of(object, "list"), "[1]");
  EXPECT_EQ(text_of(object, "other"), "");
  EXPECT_EQ(text_of(Json::array(), "name"), "");
  EXPECT_EQ(number_of(object, "count"), 5);
  EXPECT_EQ(number_of(object, "share"), 2);
  EXPECT_EQ(number_of(object, "name"), std::nullopt);
  EXPECT_EQ(number_of(Json(), "name"), std::nullopt);
}

TEST(Fields, OctetsKeepThreeDigits) {
  EXPECT_EQ(octets_text(std::nullopt), "-");
  EXPECT_EQ(octets_text(0), "0 B");
  EXPECT_EQ(octets_text(999), "999 B");
  EXPECT_EQ(octets_text(1000), "1.0 kB");
  EXPECT_EQ(octets_text(99'949), "99.9 kB");
  EXPECT_EQ(octets_text(123'456), "123 kB");
  EXPECT_EQ(octets_text(999'600), "1.0 MB");
  EXPECT_EQ(octets_text(1'500'000'000), "1.5 GB");
}

TEST(Fields, SecondsAsPeopleSayThem) {
  EXPECT_EQ(seconds_text(std::nullopt), "-");
  EXPECT_EQ(seconds_text(59), "59 s");
  EXPECT_EQ(seconds_text(3599), "59 min 59 s");
  EXPECT_EQ(seconds_text(3600), "1 h 0 min");
  EXPECT_EQ(seconds_text(180'000), "2 d 2 h");
}

}  // namespace
}  // namespace flowmob::cli
