// SPDX-License-Identifier: Apache-2.0
#include "core/lma/announcing_fixture_for_test.h"
#include "core/lma/flow_announcements.h"

/// RFC 6089 at the anchor: what becomes of announced flows, and whose they are.
namespace flowmob::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST_F(FlowAnnouncementsTest, DeregistrationRemovesWhatTheSessionAnnounced) {  // section 5.3.3
  announce(first(), {binding(1), flow(80, 10, 1)});
  announce(second(), {binding(2), flow(81, 11, 2)});
  auto away = leave(first());
  away.more = {FlowSummary{{80}}, flow(82, 10, 1)};
  const auto pba = accepted(away);
  EXPECT_EQ(wire::find_all<FlowIdentification>(pba.options).at(0).status, 128);
  EXPECT_THAT(flows(), ElementsAre("fid-81", "*"));
}

TEST_F(FlowAnnouncementsTest, AHandoffKeepsWhatTheNewGatewayNamesAlone) {
  announce(first(), {binding(1), flow(80, 10, 1)});
  Pbu taken = first();
  taken.source = kMag2;
  taken.handoff = HI::HandoffBetweenMags;
  accepted(taken);
  EXPECT_THAT(flows(), ElementsAre("*"));
  EXPECT_TRUE(show("sessions")[0]["binding_id"].is_null()) << "it was the other one's";
}

TEST_F(FlowAnnouncementsTest, WhatTheFormerGatewaySaidIsNotTheNewOnesToKeep) {
  announce(first(), {binding(1), flow(80, 10, 1), flow(81, 11, 1), flow(82, 12, 1)});
  Pbu taken = first();
  taken.source = kMag2;
  taken.handoff = HI::HandoffBetweenMags;
  const FlowIdentification without_selector{82, 9, 0, {}};
  EXPECT_THAT(announce(taken, {binding(1), flow(80, 10, 7), without_selector, FlowSummary{{81}}}),
              ElementsAre(Pair(80, 131), Pair(82, 130), Pair(81, 132)))
      << "gateways number their flows each by itself";
  EXPECT_THAT(flows(), ElementsAre("*"));
}

TEST_F(FlowAnnouncementsTest, WhatTheNewGatewayNamesInFullIsItsOwn) {
  announce(first(), {binding(1), flow(80, 10, 1)});
  Pbu taken = first();
  taken.source = kMag2;
  taken.handoff = HI::HandoffBetweenMags;
  EXPECT_THAT(announce(taken, {binding(1), flow(80, 10, 1)}), ElementsAre(Pair(80, 0)));
  EXPECT_EQ(flow_row("fid-80")["announced"]["by"], "mag2");
  EXPECT_EQ(mag_of("fid-80"), "mag2");
}

TEST_F(FlowAnnouncementsTest, ServicesThatGrowHaveTheRoomOfWhatWasAnnounced) {
  std::vector<std::uint16_t> numbers;
  for (std::uint16_t n = 1; n <= 62; ++n) {
    wire::MobilityOptions options{binding(1), flow(n, n, 1)};
    if (!numbers.empty()) options.emplace_back(FlowSummary{numbers});
    announce(first(), options);
    numbers.push_back(n);
  }
  auto c = obeying();
  for (std::uint16_t n = 0; n < 10; ++n)
    c.services[0].flows.push_back(
        Shared<FlowTemplate>(FlowTemplate{"more" + std::to_string(n), 30, port(n)}));
  ASSERT_TRUE(lma->reconfigure(now, c));
  Pbu of_service = second();
  of_service.service = "video";
  clear();
  announce(of_service, {binding(2)});
  EXPECT_EQ(mag_of("more9"), "mag2");
  EXPECT_EQ(flows().size(), 52U + 11U + 1U) << "announced, of the service, and the default";
  EXPECT_EQ(state_of("fid-52"), "active") << "the last by priority gave way";
  const auto notices = all<Notify>();
  const auto event = std::ranges::find(notices, "flows-announced", &Notify::event);
  ASSERT_NE(event, notices.end());
  EXPECT_EQ(event->fields["displaced"].size(), 10U);
  EXPECT_THAT(announce(first(), {FlowSummary{{1, 62}}}), ElementsAre(Pair(62, 132)));
}

TEST_F(FlowAnnouncementsTest, ARefusedUpdateChangesNothing) {
  announce(first(), {binding(1), flow(80, 10, 1)});
  Pbu p = first();
  p.service = "video";
  p.timestamp = 1;
  p.more = {flow(81, 11, 1)};
  EXPECT_EQ(status(p), Status::TimestampLowerThanPrevAccepted);
  EXPECT_THAT(flows(), ElementsAre("fid-80", "*"));
}

TEST_F(FlowAnnouncementsTest, WhatTheDataPlaneRefusesIsNotThere) {
  announce(first(), {binding(1), flow(80, 10, 1)});
  fails = [](const LmaAction& action) { return std::holds_alternative<InstallNode>(action); };
  EXPECT_EQ(status(with(first(), {flow(81, 11, 1), FlowSummary{{80}}})), Status::InsufficientResources);
  EXPECT_THAT(flows(), ElementsAre("fid-80", "*"));
}

TEST_F(FlowAnnouncementsTest, AnotherAnnouncementIsNoRetransmission) {
  accepted(with(first(), {binding(1)}));
  answering = false;
  send(with(first(), {flow(80, 10, 1)}));
  send(with(first(), {flow(81, 11, 1)}));
  answering = true;
  while (!unanswered.empty()) answer_all();
  EXPECT_THAT(flows(), ElementsAre("fid-81", "*"));
}

TEST_F(FlowAnnouncementsTest, AFullTableRefusesMoreAndKeepsWhatItHas) {
  wire::MobilityOptions options{binding(1)};
  std::vector<std::uint16_t> numbers;
  Statuses statuses;
  for (std::uint16_t number = 1; number <= 100; number += 20) {
    options = {binding(1)};
    if (!numbers.empty()) options.emplace_back(FlowSummary{numbers});
    for (std::uint16_t n = number; n < number + 20; ++n) {
      options.emplace_back(flow(n, n, 1));
      numbers.push_back(n);
    }
    const auto some = announce(first(), options);
    for (const auto& [id, status] : some)
      if (status != 132) statuses.emplace_back(id, status);
  }
  const auto accepted_ones = std::ranges::count_if(statuses, [](const auto& s) { return s.second == 0; });
  EXPECT_EQ(accepted_ones, 62) << "two are left for the services that the node may use";
  EXPECT_EQ(statuses.at(61), std::pair(62, 0));
  EXPECT_EQ(statuses.at(62), std::pair(63, 129));
  EXPECT_EQ(refused("reason-unspecified"), statuses.size() - 62);
  EXPECT_EQ(flows().size(), 63U);
  Pbu p = first();
  p.service = "video";
  p.more = {FlowSummary{numbers}};
  accepted(p);
  EXPECT_EQ(mag_of("video"), "mag1");
}

TEST_F(FlowAnnouncementsTest, TenThousandOptionsLeaveNothingBehind) {
  announce(second(), {binding(2), flow(7, 7, 2)});
  std::uint16_t number = 1;
  for (int update = 0; update < 500; ++update) {
    wire::MobilityOptions options{binding(1)};
    for (int i = 0; i < 20; ++i, ++number) options.emplace_back(flow(number, number, 1));
    announce(first(), options);
  }
  EXPECT_EQ(number, 10001);
  EXPECT_EQ(flows().size(), 22U) << "the last message's, the other gateway's and the default";
  EXPECT_EQ(mag_of("fid-7"), "mag2");
}

TEST_F(FlowAnnouncementsTest, TwoDecidersAreNone) {  // RFC 7864 section 3.2
  announce(first(), {binding(1), flow(80, 10, 1)});
  accepted(second());
  const auto moved = lma->handle_command(now, "flow move", {{"flow", "fid-80"}, {"to", "mag2"}});
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().code, "mn-decides");
  FlowRule rule{"all", "rule", 0};
  rule.prefer = {{"mag2", {}}};
  FlowPolicy policy{"all", {Shared<FlowRule>(rule)}};
  policy.is_default = true;
  auto c = obeying();
  c.flow_policies = {Shared<FlowPolicy>(policy)};
  ASSERT_TRUE(lma->reconfigure(now, c));
  EXPECT_EQ(mag_of("*"), "mag1") << "the rules are for other nodes";
  EXPECT_EQ(mag_of("fid-80"), "mag1");
}

TEST_F(FlowAnnouncementsTest, WhoIsObeyedNoMoreHasNoFlows) {
  announce(first(), {binding(1), flow(80, 10, 1)});
  ASSERT_TRUE(lma->reconfigure(now, test_config()));
  drain();
  EXPECT_THAT(flows(), ElementsAre("*"));
  EXPECT_THAT(announce(first(), {FlowSummary{{80}}}), ElementsAre(Pair(80, 132)));
  EXPECT_THAT(announce(first(), {flow(80, 10, 1)}), ElementsAre(Pair(80, 128)));
}

TEST_F(FlowAnnouncementsTest, DecidersAreTheNodesTheGroupsOrTheAnchors) {
  auto c = test_config();
  c.groups = {{"vans", Decider::Gateways}, {"others", {}}};
  c.mobile_nodes[0].group = "vans";
  c.mobile_nodes[1].group = "others";
  EXPECT_EQ(Policy(c).decider("mn1"), Decider::Gateways);
  EXPECT_EQ(Policy(c).decider("mn2"), Decider::Anchor);
  c.mobile_nodes[0].decider = Decider::Anchor;
  c.decider = Decider::Gateways;
  EXPECT_EQ(Policy(c).decider("mn1"), Decider::Anchor);
  EXPECT_EQ(Policy(c).decider("mn2"), Decider::Gateways);
  EXPECT_EQ(Policy(c).decider("mn3"), Decider::Gateways);
}

TEST_F(FlowAnnouncementsTest, SurviveARestart) {
  attach_both();
  FlowIdentification both = flow(80, 10, 2);
  both.sub_options[0] = to({2, 1});
  announce(first(), {both});
  announce(second(), {flow(81, 11, 2)});
  const auto before = show("flows"), sessions = show("sessions");
  const auto record = all<PersistNode>().back().record;
  const auto read = NodeRecord::from_json(record.to_json());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, record);
  lma = std::make_unique<LocalMobilityAnchor>(obeying());
  lma->restore(now, {*read});
  drain();
  EXPECT_EQ(show("flows"), before);
  EXPECT_EQ(show("sessions")[0]["binding_id"], sessions[0]["binding_id"]);
  EXPECT_THAT(announce(first(), {FlowSummary{{80}}}), IsEmpty());
}

TEST_F(FlowAnnouncementsTest, ARestartUnderAnotherDeciderDropsThem) {
  announce(first(), {binding(1), flow(80, 10, 1)});
  const auto record = all<PersistNode>().back().record;
  lma = std::make_unique<LocalMobilityAnchor>(test_config());
  lma->restore(now, {record});
  drain();
  EXPECT_THAT(flows(), ElementsAre("*"));
}

TEST_F(FlowAnnouncementsTest, ARecordOfAFlowThatNobodyAnnouncedIsNone) {
  announce(first(), {binding(1), flow(80, 10, 1)});
  auto json = all<PersistNode>().back().record.to_json();
  json["flows"][0]["announced"]["by"] = 99;
  EXPECT_FALSE(NodeRecord::from_json(json));
  json["flows"][0]["announced"]["by"] = "1";
  EXPECT_FALSE(NodeRecord::from_json(json));
  json["flows"][0]["announced"] = 7;
  EXPECT_FALSE(NodeRecord::from_json(json));
}

TEST_F(FlowAnnouncementsTest, WaitForALinkThatOpens) {  // docs/adr/0012
  auto c = obeying();
  c.new_link_delay = 50ms;
  ASSERT_TRUE(lma->reconfigure(now, c));
  accepted(first());
  advance(1s);
  timeout();
  announce(second(), {binding(2), flow(80, 10, 2)});
  EXPECT_EQ(state_of("fid-80"), "inactive");
  EXPECT_THAT(all<InstallNode>(), testing::Each(testing::Field(&InstallNode::rules, IsEmpty())))
      << "its packets go where they went";
  advance(60ms);
  timeout();
  EXPECT_EQ(mag_of("fid-80"), "mag2");
  EXPECT_THAT(classifier(), ElementsAre(80));
}

TEST_F(FlowAnnouncementsTest, OnALinkThatOpensTakesNothingFromAnother) {  // docs/adr/0012
  auto c = obeying();
  c.new_link_delay = 50ms;
  ASSERT_TRUE(lma->reconfigure(now, c));
  announce(first(), {binding(1), flow(80, 10, 1)});
  advance(1s);
  timeout();
  ASSERT_EQ(mag_of("fid-80"), "mag1");
  auto same = flow(81, 10, 2);
  same.sub_options[1] = TrafficSelectorSubOption{port(80)};
  announce(second(), {binding(2), same});
  EXPECT_EQ(state_of("fid-80"), "active");
  EXPECT_EQ(state_of("fid-81"), "inactive");
  advance(60ms);
  timeout();
  EXPECT_EQ(state_of("fid-80"), "superseded");
  EXPECT_EQ(mag_of("fid-81"), "mag2");
}

class RecordsOfAnnouncements : public FlowAnnouncementsTest {
 protected:
  static LmaConfig remembering() {
    auto c = obeying();
    c.handover_history = 10;
    return c;
  }
  RecordsOfAnnouncements() : FlowAnnouncementsTest(remembering()) {}
};

TEST_F(RecordsOfAnnouncements, EveryMoveHasOne) {  // docs/adr/0060
  attach_both();
  clear();
  announce(second(), {flow(80, 10, 2)});
  const auto records = [&] {
    std::vector<std::string> all;
    const Json rows = show("handovers");
    for (const auto& row : rows)
      all.push_back(row["flow"].get<std::string>() + " " + row["from"].get<std::string>() + " " +
                    row["to"].get<std::string>() + " " + row["kind"].get<std::string>() + " " +
                    row["trigger"].get<std::string>());
    return all;
  };
  EXPECT_THAT(records(), ElementsAre("fid-80 mag1 mag2 moved announcement"))
      << "from where the default flow is";
  auto same = flow(81, 10, 1);
  same.sub_options[1] = TrafficSelectorSubOption{port(80)};
  announce(first(), {same});
  EXPECT_THAT(records(),
              ElementsAre("fid-80 mag1 mag2 moved announcement", "fid-81 mag2 mag1 moved announcement"));
  announce(first(), {});
  EXPECT_EQ(records().back(), "fid-80 mag1 mag2 moved registration") << "it has its packets back";
  EXPECT_EQ(records().size(), 3U);
  announce(second(), {FlowSummary{{80}}});
  EXPECT_EQ(records().size(), 3U);
}

TEST_F(RecordsOfAnnouncements, WhatIsTakenFromAnotherLinkHasOne) {  // docs/adr/0062
  attach_both();
  ASSERT_EQ(mag_of("*"), "mag1");
  const auto records = [&] { return show("handovers", Json::object()); };
  announce(second(), {binding(2), flow(80, 10, 2)});
  ASSERT_EQ(records().size(), 1U);
  const auto away = records()[0];
  EXPECT_EQ(away["trigger"], "announcement");
  EXPECT_EQ(away["flow"], "fid-80");
  EXPECT_EQ(away["from"], "mag1") << "the default flow's";
  EXPECT_EQ(away["to"], "mag2");
  EXPECT_EQ(away["kind"], "moved");
  announce(first(), {binding(1), flow(80, 10, 1)});
  ASSERT_EQ(records().size(), 2U);
  EXPECT_EQ(records()[1]["from"], "mag2") << "that of the former announcement";
  EXPECT_EQ(records()[1]["to"], "mag1");
  announce(first(), {binding(1), flow(80, 10, 1), flow(81, 10, 1)});
  EXPECT_EQ(records().size(), 2U) << "its packets go by that link already";
}

TEST_F(FlowAnnouncementsTest, AreToldOnceAnUpdate) {
  announce(first(), {binding(1), flow(80, 10, 1)});
  announce(first(), {flow(81, 11, 1), flow(82, 12, 9)});
  const auto told = all<Notify>();
  const auto event =
      std::ranges::find(told, std::string("flows-announced"), [](const Notify& n) { return n.event; });
  ASSERT_NE(event, told.end());
  EXPECT_EQ(event->fields["mn"], "mn1");
  EXPECT_EQ(event->fields["mag"], "mag1");
  EXPECT_EQ(event->fields["added"], Json{81});
  EXPECT_EQ(event->fields["changed"], Json::array());
  EXPECT_EQ(event->fields["removed"], Json{80});
  EXPECT_EQ(event->fields["refused"],
            (Json::array({{{"flow_id", 82}, {"status", 131}, {"reason", "bid-not-found"}}})));
}

class FlowsOfGatewaysTest : public FlowAnnouncementsTest {
 protected:
  FlowsOfGatewaysTest() : FlowAnnouncementsTest(test_config()) {}
};

TEST_F(FlowsOfGatewaysTest, AreProhibitedWhereTheAnchorDecides) {  // section 5.3.5
  EXPECT_THAT(announce(first(), {binding(1), flow(80, 10, 1), flow(81, 11, 1)}),
              ElementsAre(Pair(80, 128), Pair(81, 128)));
  EXPECT_THAT(flows(), ElementsAre("*"));
  EXPECT_EQ(refused("administratively-prohibited"), 2U);
}

TEST_F(FlowsOfGatewaysTest, NorDoBindingPrioritiesDecide) {
  accepted(with(first(), {binding(1, 20)}));
  accepted(with(second(), {binding(2, 10)}));
  EXPECT_EQ(mag_of("*"), "mag1");
}

TEST_F(FlowsOfGatewaysTest, PrioritiesDecideFromTheMomentThatGatewaysAreObeyed) {  // RFC 6089 section 5.1.1
  accepted(with(first(), {binding(1, 20)}));
  accepted(with(second(), {binding(2, 10)}));
  ASSERT_TRUE(lma->reconfigure(now, obeying()));
  drain();
  EXPECT_EQ(mag_of("*"), "mag2");
}

}  // namespace
}  // namespace flowmob::core
