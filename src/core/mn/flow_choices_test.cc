// SPDX-License-Identifier: Apache-2.0
#include "core/mn/flow_choices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// docs/adr/0062: what a mobile node decides by itself.
namespace flowmob::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kTuple = "udp,2001:db8:c::10,5004,2001:db8:100::10,4000";

wire::TrafficSelector6 from_port(std::uint16_t port) {
  wire::TrafficSelector6 selector;
  selector.source_port = wire::Range<std::uint16_t>{port, port};
  return selector;
}

FlowChoiceConfig choices(bool node_decides = true) {
  FlowChoiceConfig config{{"wlan0", "wwan0", "eth0"}, node_decides, {}};
  config.rules = {{"both", {from_port(1)}, {}}};
  if (node_decides) config.rules.push_back({"video", {from_port(2), from_port(3)}, {"wwan0", "wlan0"}});
  return config;
}

class FlowChoicesOfMn : public ::testing::Test {
 protected:
  Result<Json> move(const std::string& flow, const std::string& to) {
    return choices_.move({{"flow", flow}, {"to", to}});
  }
  Result<Json> release(const std::string& flow) { return choices_.release({{"flow", flow}}); }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& row : choices_.rows()) all.push_back(row.name);
    return all;
  }

  FlowChoices choices_{choices()};
};

TEST_F(FlowChoicesOfMn, RulesAreRowsInTheirOrder) {
  const auto rows = choices_.rows();
  ASSERT_THAT(rows, SizeIs(3));
  EXPECT_EQ(rows[0], (FlowChoices::Row{"both", false, from_port(1), {}}));
  EXPECT_EQ(rows[1], (FlowChoices::Row{"video", false, from_port(2), {1, 0}}));
  EXPECT_EQ(rows[2], (FlowChoices::Row{"video", false, from_port(3), {1, 0}}));
}

TEST_F(FlowChoicesOfMn, WhoseMembersAreAllGoneGoesByTheDefaultAndNotByAll) {
  auto config = choices();
  config.rules[1].prefer = {"wwan0"};
  config.rules.push_back({"web", {from_port(4)}, {"wwan0", "eth0"}, {1, 0}});
  config.members = {"wlan0", "", "eth0"};
  choices_.configure(config);
  const auto rows = choices_.rows();
  EXPECT_TRUE(rows[0].is_redundant());
  EXPECT_FALSE(rows[1].is_redundant());
  EXPECT_EQ(rows[1], (FlowChoices::Row{"video", false, from_port(2), {}, {}, true}));
  EXPECT_EQ(rows.back(), (FlowChoices::Row{"web", false, from_port(4), {2}, {}}))
      << "nobody is left with a share";
  EXPECT_EQ(move("video", "").error().code, "no-such-member");
}

TEST_F(FlowChoicesOfMn, SharesStandBesideTheirMembers) {
  auto config = choices();
  config.rules[1].prefer = {"gone0", "wwan0", "wlan0"};
  config.rules[1].shares = {5, 3, 1};
  choices_.configure(config);
  EXPECT_EQ(choices_.rows()[1], (FlowChoices::Row{"video", false, from_port(2), {1, 0}, {3, 1}}));
  ASSERT_TRUE(move("video", "wlan0"));
  EXPECT_TRUE(choices_.rows()[0].shares.empty()) << "a command says which";
}

TEST_F(FlowChoicesOfMn, ACommandGoesBeforeTheRules) {
  const auto moved = move(kTuple, "eth0");
  ASSERT_TRUE(moved);
  EXPECT_EQ(*moved, (Json{{"flow", kTuple}, {"from", nullptr}, {"to", "eth0"}, {"changed", true}}));
  const auto rows = choices_.rows();
  ASSERT_THAT(rows, SizeIs(4));
  EXPECT_TRUE(rows[0].by_command);
  EXPECT_THAT(rows[0].prefer, ElementsAre(2));
  EXPECT_EQ(rows[0].selector.source_port, (wire::Range<std::uint16_t>{5004, 5004}));
  EXPECT_EQ(rows[0].selector.next_header, (wire::Range<std::uint8_t>{17, 17}));
  const auto again = move(kTuple, "eth0");
  EXPECT_EQ(again->at("changed"), false);
  const auto back = move(kTuple, "wlan0");
  EXPECT_EQ(back->at("from"), "eth0");
  EXPECT_THAT(choices_.rows(), SizeIs(4));
}

TEST_F(FlowChoicesOfMn, ARuleMayBeMovedAndReleased) {
  ASSERT_TRUE(move("video", "wlan0"));
  EXPECT_THAT(names(), ElementsAre("video", "video", "both", "video", "video"));
  EXPECT_EQ(*release("video"), (Json{{"flow", "video"}, {"from", "wlan0"}, {"changed", true}}));
  EXPECT_THAT(names(), ElementsAre("both", "video", "video"));
  EXPECT_EQ(release("video")->at("changed"), false);
}

TEST_F(FlowChoicesOfMn, TheLatestCommandIsTheFirst) {
  ASSERT_TRUE(move("video", "wlan0"));
  ASSERT_TRUE(move(kTuple, "eth0"));
  EXPECT_EQ(names()[0], kTuple);
}

TEST_F(FlowChoicesOfMn, RefusalsSayWhatIsWrongAndChangeNothing) {
  const auto before = choices_.rows();
  EXPECT_EQ(move("film", "wlan0").error().code, "no-such-flow");
  EXPECT_EQ(move("udp,nonsense,1", "wlan0").error().code, "bad-flow");
  EXPECT_EQ(move("video", "wlan1").error().code, "no-such-member");
  EXPECT_EQ(move("both", "wlan0").error().code, "flow-is-redundant");
  EXPECT_EQ(release(kTuple).error().code, "no-such-flow");
  EXPECT_EQ(choices_.move({{"flow", "video"}, {"to", "wlan0"}, {"mn", "me"}}).error().code, "bad-argument");
  EXPECT_EQ(choices_.rows(), before);
}

TEST_F(FlowChoicesOfMn, WhereTheAnchorDecidesNothingIsMoved) {  // never both
  FlowChoices obedient(choices(false));
  EXPECT_EQ(obedient.move({{"flow", kTuple}, {"to", "wlan0"}}).error().code, "lma-decides");
  EXPECT_EQ(obedient.release({{"flow", kTuple}}).error().code, "lma-decides");
  EXPECT_THAT(obedient.rows(), SizeIs(1)) << "copies are no decision about links";
}

TEST_F(FlowChoicesOfMn, CommandsHaveABoundedTable) {
  for (std::size_t i = 0; i < FlowChoices::kMostMoved; ++i)
    ASSERT_TRUE(move("udp,2001:db8:c::10," + std::to_string(i) + ",2001:db8:100::10,4000", "eth0")) << i;
  EXPECT_EQ(move(kTuple, "eth0").error().code, "too-many-moves");
  EXPECT_TRUE(move("udp,2001:db8:c::10,3,2001:db8:100::10,4000", "wlan0")) << "it has its place already";
  ASSERT_TRUE(release("udp,2001:db8:c::10,3,2001:db8:100::10,4000"));
  EXPECT_TRUE(move(kTuple, "eth0"));
}

TEST_F(FlowChoicesOfMn, AReloadKeepsWhatCommandsHaveMoved) {
  ASSERT_TRUE(move("video", "wlan0"));
  ASSERT_TRUE(move(kTuple, "eth0"));
  auto other = choices();
  other.rules.erase(other.rules.begin());
  choices_.configure(other);
  EXPECT_THAT(names(), ElementsAre(kTuple, "video", "video", "video", "video"));
  other.rules.clear();
  choices_.configure(other);
  EXPECT_THAT(names(), ElementsAre(kTuple)) << "its rule is gone";
  choices_.configure(choices(false));
  EXPECT_THAT(names(), ElementsAre("both"));
  choices_.configure(choices());
  EXPECT_THAT(names(), ElementsAre("both", "video", "video")) << "for good";
}

/// docs/adr/0073: rules by who sends.
class FlowChoicesBySender : public FlowChoicesOfMn {
 protected:
  FlowChoicesBySender() {
    auto config = choices();
    config.rules[1].senders = {{alice(), ""}, {std::nullopt, "/a"}, {alice(), "/b"}};
    choices_.configure(config);
  }
  static Sender::Users alice() { return {"alice", wire::Range<std::uint32_t>{1000, 1000}}; }
  std::vector<std::string> missing() const {
    std::vector<std::string> all;
    for (const auto& row : choices_.rows()) all.push_back(row.missing);
    return all;
  }
};

TEST_F(FlowChoicesBySender, EachSelectorBySenderIsARow) {
  const auto rows = choices_.rows();
  ASSERT_THAT(rows, SizeIs(7));
  EXPECT_EQ(rows[0].sender, Sender{});
  EXPECT_EQ(rows[1].sender, (Sender{alice(), ""}));
  EXPECT_EQ(rows[3].sender, (Sender{alice(), "/b"}));
  EXPECT_EQ(rows[3].selector, from_port(2));
  EXPECT_EQ(rows[4].selector, from_port(3));
}

TEST(FlowChoicesByUser, ARuleHoldsWhenItsUserIsFound) {
  MemberRule rule{"mine", {from_port(1)}, {"if1"}};
  rule.senders = {{{{"bob", std::nullopt}}, ""}, {{{"7", wire::Range<std::uint32_t>{7, 7}}}, ""}};
  FlowChoices choices({{"if1"}, true, {rule}});
  const auto why = [&] { return choices.rows().at(0).missing; };
  EXPECT_EQ(choices.users(), std::set<std::string>{"bob"});
  EXPECT_EQ(why(), "the user 'bob' is not known yet");
  EXPECT_EQ(choices.rows().at(1).missing, "");
  EXPECT_EQ(choices.rows().at(0).sender.users->uids, std::nullopt);
  choices.set_users({{"bob", std::nullopt}});
  EXPECT_EQ(why(), "there is no user 'bob'");
  choices.set_users({{"bob", 1001}});
  EXPECT_EQ(why(), "");
  EXPECT_EQ(choices.rows().at(0).sender.users->uids, (wire::Range<std::uint32_t>{1001, 1001}));
  EXPECT_EQ(choices.users(), std::set<std::string>{"bob"}) << "it is looked for again";
}

TEST_F(FlowChoicesBySender, RowsOfCgroupsThatAreNotThereSaySo) {
  EXPECT_EQ(choices_.cgroups(), (std::set<std::string>{"/a", "/b"}));
  EXPECT_THAT(missing(), ElementsAre("", "", "there is no cgroup '/a'", "there is no cgroup '/b'", "",
                                     "there is no cgroup '/a'", "there is no cgroup '/b'"));
  EXPECT_EQ(choices_.absent_rules(), Json::parse(R"([{"rule":"video","why":"there is no cgroup '/a'"},
                                                     {"rule":"video","why":"there is no cgroup '/b'"}])"));
  choices_.set_cgroups({{"/a", 7}});
  EXPECT_EQ(choices_.rows()[2].cgroup_id, 7U);
  EXPECT_EQ(choices_.rows()[2].missing, "");
  const auto before = choices_.rows();
  choices_.set_cgroups({{"/a", 8}});
  EXPECT_NE(choices_.rows(), before) << "it was made anew";
}

TEST_F(FlowChoicesBySender, AUserThatIsNotThereSaysSo) {
  auto config = choices();
  config.rules[1].senders = {{Sender::Users{"bob", std::nullopt}, ""}};
  choices_.configure(config);
  choices_.set_users({{"bob", std::nullopt}});
  EXPECT_EQ(missing()[1], "there is no user 'bob'");
}

TEST_F(FlowChoicesBySender, ACommandMovesWhatTheRuleIsFor) {
  ASSERT_TRUE(move("video", "wlan0"));
  const auto rows = choices_.rows();
  ASSERT_THAT(rows, SizeIs(13));
  EXPECT_TRUE(rows[0].by_command);
  EXPECT_EQ(rows[0].sender, (Sender{alice(), ""}));
  ASSERT_TRUE(move(kTuple, "eth0"));
  EXPECT_EQ(choices_.rows()[0].sender, Sender{}) << "a 5-tuple is whosever";
  for (std::size_t i = 0; i < FlowChoices::kMostMoved - 7; ++i)
    ASSERT_TRUE(move("udp,2001:db8:c::10," + std::to_string(i) + ",2001:db8:100::10,4000", "eth0")) << i;
  EXPECT_EQ(move("udp,2001:db8:c::10,99,2001:db8:100::10,4000", "eth0").error().code, "too-many-moves");
}

}  // namespace
}  // namespace flowmob::core
