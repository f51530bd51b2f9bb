// SPDX-License-Identifier: Apache-2.0
#include "core/lma/anchor_fixture_for_test.h"

/// Rules that give a flow several links at a time, from the configuration to the data plane's rows.
namespace flowmob::core {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

constexpr const char* kHttpFlow = "tcp,2001:db8:c::1,443,2001:db8:1000::5,40000";

LmaConfig spread_config(SpreadKind kind, std::vector<std::uint16_t> shares) {
  FlowRule web;
  web.policy = "gold";
  web.name = "web";
  web.prefer = {{"mag1", {}}, {"mag2", {}}};
  web.spread = kind;
  web.shares = std::move(shares);
  wire::TrafficSelector6 http;
  http.source_port = {443, 443};
  web.flow = FlowTemplate{"web", 0, http, {}};
  FlowPolicy policy{"gold", {web}};
  policy.is_default = true;
  LmaConfig config = test_config();
  config.flow_policies = {policy};
  return config;
}

class FlowCopies : public AnchorFixture {
 protected:
  explicit FlowCopies(LmaConfig config = spread_config(SpreadKind::Copies, {}))
      : AnchorFixture(std::move(config)) {}

  void SetUp() override {
    accepted(first());
    accepted(second());
  }
  Json row() {
    for (const auto& row : show("flows"))
      if (row["flow"] == "web") return row;
    return {};
  }
  InstallFlow last_row() {
    const auto all_rows = all<InstallFlow>();
    const auto index = row()["flow_index"].get<std::uint32_t>();
    InstallFlow last;
    for (const auto& one : all_rows)
      if (one.flow.value == index) last = one;
    return last;
  }
  Json explained() {
    return lma->handle_command(now, "policy explain", {{"flow", kHttpFlow}, {"mn", "mn1"}}).value();
  }
};

TEST_F(FlowCopies, BothLinksAreInTheRowWhenBothAreThere) {
  EXPECT_EQ(last_row().spread.kind, SpreadKind::Copies);
  EXPECT_EQ(last_row().spread.links.size(), 2U);
  EXPECT_EQ(row()["spread"]["kind"], "copies");
  EXPECT_THAT(events(), Contains("flow-spread"));
}

TEST_F(FlowCopies, ALinkThatGoesIsTakenOut) {
  clear();
  send(leave(first()));
  EXPECT_EQ(last_row().spread.links.size(), 1U);
  EXPECT_EQ(mag_of("web"), "mag2");
  EXPECT_EQ(row()["spread"]["links"][0]["mag"], "mag2");
}

TEST_F(FlowCopies, ExplainNamesAllOfThem) {
  const auto said = explained();
  EXPECT_EQ(said["reason"], "copied");
  for (const auto& link : said["links"]) {
    EXPECT_EQ(link["chosen"], true);
    EXPECT_EQ(link["why"], "each packet goes by every chosen link");
  }
}

TEST_F(FlowCopies, ACommandMakesItOneLinkUntilItIsReleased) {
  ASSERT_TRUE(lma->handle_command(now, "flow move", {{"flow", "web"}, {"to", "mag2"}, {"mn", "mn1"}}));
  drain();
  EXPECT_EQ(last_row().spread.links.size(), 1U);
  EXPECT_EQ(mag_of("web"), "mag2");
  ASSERT_TRUE(lma->handle_command(now, "flow release", {{"flow", "web"}, {"mn", "mn1"}}));
  drain();
  EXPECT_EQ(last_row().spread.links.size(), 2U);
}

TEST_F(FlowCopies, ADifferenceOfPoliciesSaysWhichLinksTakePart) {
  const auto shares = spread_config(SpreadKind::Shares, {1, 1}).flow_policies;
  const auto compared = lma->compare_policies(now, shares);
  EXPECT_EQ(compared["moves"], Json::array()) << "it would be where it is";
  EXPECT_EQ(compared["spreads"],
            (Json{{{"mn", "mn1"}, {"flow", "web"}, {"kind", "shares"}, {"mags", {"mag1", "mag2"}}}}));
  EXPECT_EQ(lma->apply_policies(now, shares), compared);
  drain();
  EXPECT_EQ(lma->compare_policies(now, shares)["spreads"], Json::array());
  EXPECT_EQ(
      lma->compare_policies(now, spread_config(SpreadKind::None, {}).flow_policies)["spreads"][0]["kind"],
      "none");
}

TEST_F(FlowCopies, TheyOutliveTheAnchor) {
  std::map<NodeIndex, NodeRecord> records;
  for (const auto& record : all<PersistNode>()) records[record.record.index] = record.record;
  std::vector<NodeRecord> kept;
  for (const auto& [index, record] : records) kept.push_back(record);
  lma = std::make_unique<LocalMobilityAnchor>(spread_config(SpreadKind::Copies, {}));
  clear();
  lma->restore(now, kept);
  drain();
  EXPECT_EQ(last_row().spread.links.size(), 2U);
}

class FlowShares : public FlowCopies {
 protected:
  FlowShares() : FlowCopies(spread_config(SpreadKind::Shares, {3, 1})) {}
};

TEST_F(FlowShares, WeightsAreInTheRow) {
  EXPECT_EQ(last_row().spread.kind, SpreadKind::Shares);
  std::map<std::string, int> weights;
  const auto flow = row();
  for (const auto& link : flow["spread"]["links"]) weights[link["mag"]] = link["weight"];
  EXPECT_EQ(weights, (std::map<std::string, int>{{"mag1", 3}, {"mag2", 1}}));
}

TEST_F(FlowShares, ExplainSaysWhereThisOneWouldGo) {
  const auto said = explained();
  EXPECT_EQ(said["reason"], "shared");
  int chosen = 0;
  for (const auto& link : said["links"]) {
    const bool is_chosen = link["chosen"];
    chosen += is_chosen ? 1 : 0;
    if (is_chosen) {
      EXPECT_EQ(link["mag"], said["mag"]);
    } else {
      EXPECT_EQ(link["why"], "it has other flows: their share");
    }
  }
  EXPECT_EQ(chosen, 1);
}

TEST_F(FlowShares, ARefreshChangesNothing) {
  clear();
  Pbu again = first();
  again.handoff = HI::NoChange;
  accepted(again);
  EXPECT_THAT(all<InstallFlow>(), testing::IsEmpty());
  EXPECT_THAT(events(), Not(Contains("flow-spread")));
}

}  // namespace
}  // namespace flowmob::core
