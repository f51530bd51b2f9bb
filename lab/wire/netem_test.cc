// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "lab/wire/engine.h"

namespace flowmob::lab {
namespace {

using namespace std::chrono_literals;

TEST(Netem, SaysEverythingThatIsSet) {
  const LinkParameters p{
      .delay = 20ms, .jitter = 1500us, .loss = 0.005, .rate = 20'000'000, .queue = 128 << 10};
  // 21.5 ms at 20 Mbit/s are 53750 octets under way, beside the 131072 that may wait.
  EXPECT_EQ(netem_line("b", p),
            "qdisc replace dev b root netem delay 20000us 1500us loss 0.5000% limit 124 rate 20000000bit\n");
}

TEST(Netem, LeavesOutWhatIsNot) {
  EXPECT_EQ(netem_line("a", {.delay = 5ms}), "qdisc replace dev a root netem delay 5000us limit 20000\n");
}

}  // namespace
}  // namespace flowmob::lab
