// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/captures.h"

#include <gtest/gtest.h>

namespace flowmob::lab {
namespace {

TEST(CaptureCounts, AreReadFromTcpdumpsLastWords) {
  const auto counts = parse_capture_counts(
      "mag2-mn",
      "tcpdump: listening on if2, link-type EN10MB (Ethernet), snapshot length 256 bytes\n"
      "1234 packets captured\n1250 packets received by filter\n0 packets dropped by kernel\n");
  EXPECT_TRUE(counts.complete);
  EXPECT_EQ(counts.link, "mag2-mn");
  EXPECT_EQ(counts.captured, 1234U);
  EXPECT_EQ(counts.dropped, 0U);
}

TEST(CaptureCounts, AddWhatKernelAndInterfaceDropped) {
  const auto counts = parse_capture_counts("cn-lma",
                                           "1 packet captured\n9 packets received by filter\n"
                                           "7 packets dropped by kernel\n1 packet dropped by interface\n");
  EXPECT_TRUE(counts.complete);
  EXPECT_EQ(counts.captured, 1U);
  EXPECT_EQ(counts.dropped, 8U);
}

TEST(CaptureCounts, ATcpdumpThatWasKilledProvesNothing) {
  EXPECT_FALSE(parse_capture_counts("cn-lma", "").complete);
  EXPECT_FALSE(parse_capture_counts("cn-lma", "tcpdump: listening on core0\n12 packets captured\n").complete);
}

}  // namespace
}  // namespace flowmob::lab
