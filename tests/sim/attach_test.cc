// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "scenario.h"

namespace flowmob::sim {
namespace {

/// Longer than any lifetime or delay of a domain made by short_lived().
constexpr Duration kAges = 60s;

TEST(Attach, BothLinksShareOneAddressAndFlowsFollowTheirService) {
  Scenario scenario;
  scenario.attach_all();
  EXPECT_EQ(scenario.prefixes().size(), 1U);
  EXPECT_EQ(scenario.sessions(), 2U);
  EXPECT_EQ(scenario.domain.mns[0]->tables.addresses().size(), 1U);
  EXPECT_EQ(scenario.down("video"), 0);
  EXPECT_EQ(scenario.down("web"), 1);
  EXPECT_EQ(scenario.down("ping"), 1);
}

TEST(Attach, OneLinkCarriesEverything) {
  for (const std::size_t member : {0U, 1U}) {
    Scenario scenario;
    scenario.domain.plug({0, member});
    scenario.run(2s);
    scenario.checks.require_agreement();
    for (const auto& flow : Domain::flows()) {
      EXPECT_EQ(scenario.down(flow.name), static_cast<int>(member));
      EXPECT_EQ(scenario.up(flow.name), static_cast<int>(member));
    }
  }
}

TEST(Attach, TheSecondLinkTakesItsFlowsWithoutAGap) {
  for (const std::size_t first : {0U, 1U}) {
    Scenario scenario;
    scenario.domain.plug({0, first});
    scenario.run(2s);
    scenario.start_traffic(0, 1ms);
    scenario.run(100ms);
    scenario.domain.plug({0, 1 - first});
    scenario.run(2s);
    scenario.traffic.stop();
    scenario.run(100ms);
    scenario.checks.require_agreement();
    for (const auto& flow : Domain::flows()) {
      EXPECT_EQ(scenario.traffic.down(0, flow.name).lost_total(), 0U) << flow.name;
      EXPECT_EQ(scenario.traffic.up(0, flow.name).lost_total(), 0U) << flow.name;
    }
  }
}

/// A node that goes on believing in its router sends into the void for half an hour.
TEST(Attach, ARouterThatGoesIsHeardAlthoughAdvertisementsAreLost) {
  Scenario scenario;
  scenario.attach_all();
  auto& domain = scenario.domain;
  scenario.checks.retire({0, 0});
  scenario.checks.allow_outage(0, 3s);
  domain.access.loss = 1;
  ASSERT_TRUE(
      domain.mags[0]->command("detach", {{"access", domain.access_name({0, 0})}, {"mn", Domain::mn_id(0)}}));
  scenario.run(1500ms);
  domain.access.loss = 0;
  EXPECT_TRUE(domain.mns[0]->tables.members().at(0).up);
  scenario.run(1s);
  EXPECT_FALSE(domain.mns[0]->tables.members().at(0).up);
  EXPECT_TRUE(domain.mns[0]->tables.members().at(1).up);
  for (const auto& flow : Domain::flows()) EXPECT_EQ(scenario.up(flow.name), 1) << flow.name;
}

TEST(Attach, BindingsLiveOnByThemselves) {
  Scenario scenario(short_lived());
  scenario.attach_all();
  const auto prefixes = scenario.prefixes();
  scenario.run(300s);
  scenario.checks.require_agreement();
  EXPECT_EQ(scenario.prefixes(), prefixes);
  EXPECT_EQ(scenario.down("video"), 0);
}

TEST(Attach, NothingIsLeftWhenEverybodyHasGone) {
  Scenario scenario(short_lived(3));
  scenario.attach_all();
  scenario.domain.unplug_all();
  scenario.run(kAges);
  scenario.checks.require_empty();
}

TEST(Attach, NothingIsLeftWhenNobodySaidGoodbye) {
  Scenario scenario(short_lived(2));
  scenario.attach_all();
  for (auto& mag : scenario.domain.mags) mag->lose_power();
  scenario.run(kAges);
  EXPECT_TRUE(scenario.domain.lma->tables.is_empty()) << scenario.domain.lma->tables.contents();
  EXPECT_TRUE(scenario.domain.lma->records().empty());
}

TEST(Attach, AServiceThatIsNotAuthorisedKeepsOnlyItsOwnLinkOut) {
  DomainOptions options;
  options.lma = [](core::LmaConfig& config) { config.mobile_nodes[0].services = {"internet"}; };
  Scenario scenario(options);
  scenario.domain.plug_all();
  scenario.run(5s);
  EXPECT_EQ(scenario.sessions(), 1U);
  EXPECT_TRUE(scenario.domain.mags[0]->tables.is_empty());
  EXPECT_EQ(scenario.down("video"), 1);
  EXPECT_EQ(scenario.up("video"), 1);
}

TEST(Attach, ANodeNobodyKnowsGetsNothing) {
  DomainOptions options;
  options.lma = [](core::LmaConfig& config) { config.mobile_nodes.clear(); };
  Scenario scenario(options);
  scenario.domain.plug_all();
  scenario.run(60s);
  EXPECT_TRUE(scenario.domain.mns[0]->tables.addresses().empty());
  EXPECT_TRUE(scenario.domain.lma->tables.is_empty());
}

TEST(Attach, TwoNodesHaveNothingInCommon) {
  DomainOptions options;
  options.nodes = 2;
  Scenario scenario(options);
  scenario.attach_all();
  ASSERT_EQ(scenario.prefixes(0).size(), 1U);
  ASSERT_EQ(scenario.prefixes(1).size(), 1U);
  EXPECT_NE(scenario.prefixes(0), scenario.prefixes(1));
  ASSERT_TRUE(scenario.domain.move_flow(0, "video", 1));
  scenario.run(1s);
  EXPECT_EQ(scenario.down("video", 0), 1);
  EXPECT_EQ(scenario.down("video", 1), 0);
}

TEST(Attach, APrefixIsFreeAgainWhenItsNodeHasGone) {
  auto options = short_lived(3);
  options.lma = [](core::LmaConfig& config) {
    config.pools = {Ipv6Prefix::parse("2001:db8:100::/63").value()};
  };
  Scenario scenario(options);
  scenario.domain.plug_all();
  scenario.run(5s);
  std::array<bool, 3> served{};
  for (std::size_t node = 0; node < 3; ++node) served[node] = scenario.prefixes(node).size() == 1;
  ASSERT_EQ(std::ranges::count(served, true), 2);
  const auto node = static_cast<std::size_t>(std::ranges::find(served, true) - served.begin());
  const auto waiting = static_cast<std::size_t>(std::ranges::find(served, false) - served.begin());
  for (std::size_t member = 0; member < 2; ++member) scenario.domain.unplug({node, member});
  scenario.run(15s);
  for (std::size_t member = 0; member < 2; ++member) scenario.domain.unplug({waiting, member});
  for (std::size_t member = 0; member < 2; ++member) scenario.domain.plug({waiting, member});
  scenario.run(5s);
  EXPECT_EQ(scenario.prefixes(waiting).size(), 1U);
  scenario.checks.require_agreement();
}

/// Correspondents would answer to where the node is not any more; connections that stand may go on.
TEST(Attach, AnAddressOfAFormerPrefixIsDeprecated) {
  Scenario scenario(short_lived());
  scenario.domain.plug({0, 1});
  scenario.run(2s);
  const auto before = scenario.prefixes();
  ASSERT_EQ(before.size(), 1U);
  scenario.fail_link({0, 1}, 20s);
  scenario.run(15s);  // longer than MinDelayBeforeBCEDelete
  scenario.domain.plug({0, 1});
  scenario.run(5s);
  const auto now = scenario.prefixes();
  ASSERT_EQ(now.size(), 1U);
  ASSERT_NE(now, before);
  for (const auto& [address, row] : scenario.domain.mns[0]->tables.addresses()) {
    EXPECT_NE(row.valid_lifetime, 0U) << address.to_string();
    EXPECT_EQ(row.preferred_lifetime != 0, now[0].contains(address)) << address.to_string();
  }
  EXPECT_EQ(scenario.domain.mns[0]->tables.addresses().size(), 2U);
}

TEST(Attach, APrefixWhoseNodeMayReturnIsNobodyElses) {
  auto options = short_lived(2);
  options.lma = [](core::LmaConfig& config) {
    config.pools = {Ipv6Prefix::parse("2001:db8:100::/64").value()};
  };
  Scenario scenario(options);
  scenario.domain.plug({0, 1});
  scenario.run(2s);
  const auto own = scenario.prefixes(0);
  ASSERT_EQ(own.size(), 1U);
  scenario.fail_link({0, 1}, 5s);
  scenario.run(1s);
  scenario.domain.plug({1, 1});
  scenario.run(2s);
  EXPECT_TRUE(scenario.prefixes(1).empty());
  scenario.domain.plug({0, 1});
  scenario.run(2s);
  EXPECT_EQ(scenario.prefixes(0), own);
}

class Sharing : public testing::TestWithParam<wire::HandoffIndicator> {};

TEST_P(Sharing, OnePrefixByPolicyWhateverTheMagKnows) {
  DomainOptions options;
  options.mag = [](std::size_t, core::MagConfig& config) {
    config.accesses[0].handoff_indicator = GetParam();
  };
  Scenario scenario(options);
  scenario.attach_all(5s);
  EXPECT_EQ(scenario.prefixes().size(), 1U);
  EXPECT_EQ(scenario.sessions(), 2U);
}

INSTANTIATE_TEST_SUITE_P(Indicators, Sharing,
                         testing::Values(wire::HandoffIndicator::NewInterface,
                                         wire::HandoffIndicator::Unknown,
                                         wire::HandoffIndicator::NewInterfaceSharingPrefixes));

TEST(Attach, AnEffectThatFailsIsARejectionAndLeavesNothing) {
  for (const auto* kind :
       {"EnsureTunnel", "InstallNode", "InstallSession", "InstallFlow", "EnsureRoute", "PersistNode"}) {
    Scenario scenario(short_lived());
    scenario.checks.rows_may_be_incomplete = true;
    scenario.domain.lma->faults.fail_next(kind);
    scenario.domain.plug({0, 0});
    scenario.run(500ms);
    SCOPED_TRACE(kind);
    EXPECT_TRUE(scenario.domain.mags[0]->tables.is_empty()) << scenario.domain.mags[0]->tables.contents();
    scenario.run(40s);  // the node asks again
    scenario.checks.require_agreement();
    scenario.domain.unplug_all();
    scenario.run(kAges);
    scenario.checks.require_empty();
  }
}

}  // namespace
}  // namespace flowmob::sim
