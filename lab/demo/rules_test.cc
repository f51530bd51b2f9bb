// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/rules.h"

#include <gtest/gtest.h>

#include "daemon/config/load.h"
#include "lab/domain/plan.h"

namespace flowmob::lab {
namespace {

std::size_t times(std::string_view text, std::string_view what) {
  std::size_t n = 0;
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++n;
  return n;
}

TEST(Rules, EveryDaemonReadsItsFileAtEveryTime) {
  const auto plan = Plan::create("x");
  for (const DaemonPlan& daemon : plan->daemons()) {
    const std::string both = with_redundant_flow(daemon.node, configuration_of(*plan, daemon.node));
    const std::string decides = with_deciding_node(daemon.node, both);
    for (const std::string& text : {both, decides}) {
      const auto loaded = flowmob::daemon::config::parse_any(text, daemon.node);
      EXPECT_TRUE(loaded) << flowmob::daemon::config::to_error(loaded.error()).message << text;
    }
    EXPECT_EQ(times(both, "decider = \"mn\""), 0U) << both;
    EXPECT_EQ(times(decides, "decider = \"mn\""), 1U) << decides;
  }
}

TEST(Rules, BothEndsKnowOfTheCopies) {
  for (const std::string_view daemon : {"lma", "mn"})
    EXPECT_EQ(times(with_redundant_flow(daemon, ""), "redundant = true"), 1U);
  EXPECT_EQ(with_redundant_flow("mag1", "text"), "text");
}

}  // namespace
}  // namespace flowmob::lab
