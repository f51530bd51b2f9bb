// SPDX-License-Identifier: Apache-2.0
#include "lab/domain/plan.h"

#include <gtest/gtest.h>

#include <set>

#include "daemon/config/load.h"

namespace flowmob::lab {
namespace {

TEST(Plan, NamesThatAreNoPartOfANamespaceNameAreRefused) {
  for (const char* name :
       {"", "a b", "../etc", "..", "a/b", "a.b", "ü", "0123456789012345678901234567890123"}) {
    EXPECT_FALSE(Plan::create(name)) << name;
  }
  EXPECT_TRUE(Plan::create("run-42_b"));
}

TEST(Plan, EverythingCarriesTheLabsName) {
  const auto plan = Plan::create("x1");
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->namespace_of("mn"), "fm-x1-mn");
  EXPECT_EQ(plan->directory(), "/run/flowmob/x1");
  EXPECT_EQ(plan->bpf_directory(), "/sys/fs/bpf/flowmob/x1");
}

TEST(Plan, InterfaceNamesFitTheKernelAndAreUniquePerNode) {
  const auto plan = Plan::create("x");
  std::set<std::pair<std::string, std::string>> seen;
  for (const LinkPlan& link : plan->links()) {
    EXPECT_TRUE(seen.emplace(link.a.node, link.a.interface).second);
    EXPECT_TRUE(seen.emplace(link.b.node, link.b.interface).second);
    for (const bool first : {true, false}) EXPECT_LE(plan->wire_interface(link, first).size(), 15U);
  }
}

TEST(Plan, AnEmulatedLinkHasBothHalvesInTheWiresNamespace) {
  const auto plan = Plan::create("x");
  EXPECT_EQ(plan->link_lines(*plan->link("mag1-mn")),
            "link add mag1-mn-a type veth peer name acc0 netns fm-x-mag1\n"
            "link add mag1-mn-b type veth peer name if1 address 02:00:00:00:01:01 netns fm-x-mn\n");
  EXPECT_EQ(plan->link_lines(*plan->link("cn-lma")),
            "link add core0 type veth peer name core0 netns fm-x-lma\n");
}

TEST(Plan, EveryDaemonHasAConfigurationOfItsOwn) {
  const auto plan = Plan::create("x");
  for (const DaemonPlan& daemon : plan->daemons()) {
    const std::string text = configuration_of(*plan, daemon.node);
    EXPECT_NE(text.find("name = \"" + daemon.node + "\""), text.npos) << text;
    EXPECT_NE(text.find("/run/flowmob/x/" + daemon.node + ".sock"), text.npos) << text;
    const auto loaded = flowmob::daemon::config::parse_any(text, daemon.node);
    EXPECT_TRUE(loaded) << flowmob::daemon::config::to_error(loaded.error()).message;
  }
}

}  // namespace
}  // namespace flowmob::lab
