// SPDX-License-Identifier: Apache-2.0
#include "core/mn/explain_choice.h"

#include <gmock/gmock.h>

#include <set>

namespace flowmob::core {
namespace {

wire::TrafficSelector6 of_port(std::uint16_t port) {
  wire::TrafficSelector6 selector;
  selector.source_port = {port, port};
  return selector;
}

class ExplainChoice : public ::testing::Test {
 protected:
  ExplainChoice() {
    FlowChoiceConfig config{{"wlan0", "wwan0", "eth0"}, true, {}};
    config.rules = {{"both", {of_port(1)}, {}},
                    {"films", {of_port(2)}, {"wwan0", "wlan0"}},
                    {"web", {of_port(3)}, {"wlan0", "wwan0"}, {1, 1}}};
    choices.configure(config);
  }
  Json explained(int port, int node_port = 4000) {
    const auto answer = explain_choice(choices, members,
                                       {{"flow", "udp,2001:db8:c::10," + std::to_string(port) +
                                                     ",2001:db8:100::10," + std::to_string(node_port)}});
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? *answer : Json();
  }

  FlowChoices choices{{}};
  static inline const Ipv6Prefix kShared = Ipv6Prefix::parse("2001:db8:100::/64").value();
  std::vector<MemberStanding> members{{true, true, {kShared}}, {true, false, {kShared}}, {false, false, {}}};
};

TEST_F(ExplainChoice, TheFirstOfTheListThatIsUp) {
  const auto shown = explained(2);
  EXPECT_EQ(shown["rule"], "films");
  EXPECT_EQ(shown["action"], "prefer");
  EXPECT_EQ(shown["member"], "wwan0");
  EXPECT_EQ(shown["links"][0]["why"], "another comes first in the list");
  EXPECT_EQ(shown["links"][2]["why"], "it cannot carry packets");
  EXPECT_EQ(shown["passed_over"].size(), 1U);
  EXPECT_EQ(shown["passed_over"][0]["differs_in"], "source_port");
  members[1].is_up = false;
  EXPECT_EQ(explained(2)["member"], "wlan0");
}

TEST_F(ExplainChoice, OfAConnectionTheMarkOfItsFirstPacketCounts) {
  FlowChoiceConfig config{{"wlan0", "wwan0"}, true, {{"voice", {{}}, {"wwan0"}}}};
  config.rules[0].selectors[0].traffic_class = {46, 46};
  choices.configure(config);
  members.pop_back();
  const auto why = [&](const std::string& protocol) {
    return (*explain_choice(
        choices, members,
        {{"flow", protocol + ",2001:db8:c::10,5,2001:db8:100::10,6"}, {"dscp", 46}}))["because"]
        .get<std::string>();
  };
  EXPECT_EQ(why("udp"), "the first of the list that is up");
  EXPECT_EQ(why("tcp"),
            "the first of the list that is up; only if its first packet, the SYN, is marked so: many "
            "programs mark later");
}

TEST_F(ExplainChoice, ByMembersThatAdvertiseThePrefixOfItsAddress) {
  members[0].prefixes = {Ipv6Prefix::parse("2001:db8:200::/64").value()};
  EXPECT_EQ(explained(4)["member"], "wwan0") << "not by the default member";
  members[0].prefixes.push_back(kShared);
  EXPECT_EQ(explained(4)["member"], "wlan0");
  members[1].prefixes.clear();
  EXPECT_EQ(explained(2)["member"], "wlan0") << "whatever the rule prefers";
  EXPECT_EQ(explained(2)["links"][1]["why"],
            "its gateway does not advertise the prefix of the flow's address");
  for (int port = 1; port < 20; ++port) EXPECT_EQ(explained(3, port)["member"], "wlan0");
  members[0].prefixes.clear();
  EXPECT_EQ(explained(2)["member"], "wwan0") << "nobody does: all are tried";
}

TEST_F(ExplainChoice, SharesAreByTheHash) {
  std::set<std::string> taken;
  for (int port = 1; port < 40; ++port) taken.insert(explained(3, port)["member"].get<std::string>());
  EXPECT_EQ(taken, (std::set<std::string>{"wlan0", "wwan0"}));
  members[0].is_up = false;
  for (int port = 1; port < 40; ++port) EXPECT_EQ(explained(3, port)["member"], "wwan0");
}

TEST_F(ExplainChoice, CopiesGoByAllThatAreUp) {
  const auto shown = explained(1);
  EXPECT_EQ(shown["action"], "redundant");
  EXPECT_EQ(shown["links"][0]["chosen"], true);
  EXPECT_EQ(shown["links"][1]["chosen"], true);
  EXPECT_EQ(shown["links"][2]["chosen"], false);
}

TEST_F(ExplainChoice, WhatNoRuleIsForBeginsByTheDefault) {
  EXPECT_EQ(explained(9)["member"], "wlan0");
  EXPECT_TRUE(explained(9)["rule"].is_null());
  members[0].is_up = members[1].is_up = false;
  EXPECT_TRUE(explained(9)["member"].is_null());
  EXPECT_EQ(explained(9)["because"], "no member is up");
}

TEST_F(ExplainChoice, NumbersThatNobodyHasAreNotShown) {
  auto config = choices.config();
  config.members = {"wlan0", "", "eth0"};
  config.rules[1].prefer = {"wwan0"};
  choices.configure(config);
  members = {{true, true}, {}, {true, false}};
  const auto shown = explained(2);
  EXPECT_EQ(shown["links"].size(), 2U);
  EXPECT_EQ(shown["links"][1]["interface"], "eth0");
  EXPECT_EQ(shown["action"], "prefer");
  EXPECT_EQ(shown["member"], "wlan0");
  EXPECT_EQ(shown["because"], "no member of the list is up: the default");
}

TEST_F(ExplainChoice, ACommandGoesBeforeTheRules) {
  ASSERT_TRUE(choices.move({{"flow", "films"}, {"to", "wlan0"}}));
  EXPECT_EQ(explained(2)["member"], "wlan0");
  EXPECT_EQ(explained(2)["by_command"], true);
  EXPECT_NE(explained(2)["links"].dump().find("a command has moved it elsewhere"), std::string::npos);
}

TEST_F(ExplainChoice, WhoseSocketItIsMatters) {
  auto config = choices.config();
  config.rules[1].senders = {{Sender::Users{"alice", wire::Range<std::uint32_t>{1000, 1000}}, "/a"}};
  choices.configure(config);
  const auto asked = [this](std::optional<std::uint32_t> uid, const std::string& cgroup) {
    const Json arguments{{"flow", "udp,2001:db8:c::10,2,2001:db8:100::10,4000"}, {"cgroup", cgroup}};
    return explain_choice(choices, members, arguments, uid).value();
  };
  const auto passed = [](const Json& shown) { return shown["passed_over"][1]; };
  EXPECT_EQ(
      passed(asked(1000, "/a")),
      Json::parse(
          R"({"rule":"films","by_command":false,"differs_in":null,"absent":"there is no cgroup '/a'"})"));
  choices.set_cgroups({{"/a", 1}});
  EXPECT_EQ(asked(1000, "/a/b")["rule"], "films");
  EXPECT_EQ(passed(asked(1000, "")),
            Json::parse(R"({"rule":"films","by_command":false,"differs_in":"cgroup","absent":null})"));
  EXPECT_EQ(passed(asked(1, "/a"))["differs_in"], "user");
  EXPECT_TRUE(asked({}, "")["rule"].is_null());
}

TEST_F(ExplainChoice, SaysWhatItDoesNotUnderstand) {
  EXPECT_EQ(explain_choice(choices, members, {{"flow", "udp,nonsense"}}).error().code, "bad-flow");
  EXPECT_EQ(
      explain_choice(choices, members, {{"flow", "esp,2001:db8::1,2001:db8::2"}, {"mn", "me"}}).error().code,
      "bad-argument");
}

}  // namespace
}  // namespace flowmob::core
