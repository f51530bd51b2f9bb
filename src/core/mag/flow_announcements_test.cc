// SPDX-License-Identifier: Apache-2.0
#include "core/mag/flow_announcements.h"

#include "core/mag/mag_fixture.h"

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// RFC 6089 section 5.2: what a gateway announces.
namespace flowmob::core {
namespace {

using wire::FlowIdentification;
using wire::FlowStatus;

wire::TrafficSelector6 port(std::uint16_t number) {
  wire::TrafficSelector6 selector;
  selector.destination_port = wire::Range<std::uint16_t>{number, number};
  return selector;
}

AnnouncedFlow flow(const char* name, std::uint16_t priority, bool at_attachment = true) {
  return {FlowTemplate{name, priority, port(priority)}, at_attachment};
}

class FlowAnnouncementsOfMag : public MagFixture {
 protected:
  static MagConfig config_with(std::vector<AnnouncedFlow> flows) {
    auto config = default_config();
    config.accesses[0].services = {};
    config.accesses[0].flows = std::move(flows);
    return config;
  }
  void announce(std::vector<AnnouncedFlow> flows) {
    start(config_with(std::move(flows)));
    register_node();
  }
  static std::vector<std::uint16_t> in_full(const wire::ProxyBindingUpdate& update) {
    std::vector<std::uint16_t> ids;
    for (const auto& one : wire::find_all<FlowIdentification>(update.options)) ids.push_back(one.flow_id);
    return ids;
  }
  static std::vector<std::uint16_t> in_summary(const wire::ProxyBindingUpdate& update) {
    const auto* summary = wire::find<wire::FlowSummary>(update.options);
    return summary ? summary->flow_ids : std::vector<std::uint16_t>{};
  }
  /// The LMA's answer, with the status in every flow that it repeats.
  void answer_flows(FlowStatus status) {
    answer([status](wire::ProxyBindingAcknowledgement& ack) {
      for (auto& option : ack.options)
        if (auto* one = std::get_if<FlowIdentification>(&option))
          one->status = static_cast<std::uint8_t>(status);
    });
  }
  std::vector<std::string> states() const {
    std::vector<std::string> all;
    const Json binding = only_binding();
    for (const auto& row : binding.at("flows")) all.push_back(row.at("state"));
    return all;
  }
  Json switch_flow(const char* how, const char* name) {
    return command(std::string("flow ") + how, {{"flow", name}}).value();
  }
};

TEST_F(FlowAnnouncementsOfMag, StandInTheFirstUpdateWithTheBindingTheyReferTo) {  // sections 5.2.1, 5.2.2.1
  announce({flow("web", 80), flow("film", 81)});
  ASSERT_THAT(updates, SizeIs(1));
  const auto& binding = option<wire::BindingIdentifierOption>(updates[0]);
  EXPECT_EQ(binding.binding_id, 1);
  EXPECT_EQ(binding.priority, 64) << "zero would be RFC 5648's form";
  const auto flows = wire::find_all<FlowIdentification>(updates[0].options);
  ASSERT_THAT(flows, SizeIs(2));
  EXPECT_NE(flows[0].flow_id, flows[1].flow_id);
  EXPECT_EQ(flows[0].priority, 80);
  EXPECT_EQ(flows[0].status, 0);
  EXPECT_EQ(flows[0].sub_options,
            (std::vector<wire::FlowSubOption>{wire::BindingReference{{1}},
                                              wire::TrafficSelectorSubOption{port(80)}}));
  EXPECT_THAT(in_summary(updates[0]), IsEmpty());
  EXPECT_THAT(states(), ElementsAre("accepted", "accepted"));
  EXPECT_EQ(notified("flow-accepted"), 2U);
}

TEST_F(FlowAnnouncementsOfMag, WithoutAnyNothingIsSaid) {
  announce({});
  EXPECT_EQ(wire::find<wire::BindingIdentifierOption>(updates[0].options), nullptr);
  EXPECT_THAT(in_full(updates[0]), IsEmpty());
}

TEST_F(FlowAnnouncementsOfMag, APriorityOfTheBindingIsSaidByItself) {  // section 5.2.1
  auto config = config_with({});
  config.accesses[0].binding = {7, std::uint8_t{10}};
  start(config);
  register_node();
  const auto& binding = option<wire::BindingIdentifierOption>(updates[0]);
  EXPECT_EQ(binding.binding_id, 7);
  EXPECT_EQ(binding.priority, 10);
}

TEST_F(FlowAnnouncementsOfMag, ARefreshHasASummaryOfThemAll) {  // section 5.2.3
  announce({flow("web", 80), flow("film", 81)});
  clear();
  advance(300s);
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_THAT(in_full(updates[0]), IsEmpty()) << "section 6: updates are short";
  EXPECT_THAT(in_summary(updates[0]), ElementsAre(1, 2));
  accept();
  EXPECT_THAT(states(), ElementsAre("accepted", "accepted"));
}

TEST_F(FlowAnnouncementsOfMag, EveryServicesUpdateHasThem) {
  auto config = config_with({flow("web", 80)});
  config.accesses[0].services = {"video", "voice"};
  start(config);
  register_node();
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_THAT(in_full(updates[0]), ElementsAre(1));
  EXPECT_THAT(in_full(updates[1]), IsEmpty());
  EXPECT_THAT(in_summary(updates[1]), ElementsAre(1));
}

TEST_F(FlowAnnouncementsOfMag, ADeregistrationHasNone) {
  announce({flow("web", 80)});
  clear();
  ASSERT_TRUE(command("detach", {{"access", "wlan"}, {"mn", "mn1@example.com"}}));
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(wire::find<wire::BindingIdentifierOption>(updates[0].options), nullptr);
  EXPECT_THAT(in_summary(updates[0]), IsEmpty());
}

TEST_F(FlowAnnouncementsOfMag, ARefusedOneIsLeftOutAndTheBindingStands) {  // section 5.3.5
  start(config_with({flow("web", 80)}));
  solicit();
  answer_flows(FlowStatus::AdministrativelyProhibited);
  EXPECT_EQ(only_binding().at("state"), "registered");
  EXPECT_THAT(states(), ElementsAre("refused"));
  EXPECT_EQ(only_binding().at("flows")[0].at("status"), "administratively-prohibited");
  const auto notice = last_notice("flow-refused");
  EXPECT_EQ(notice.at("flow"), "web");
  EXPECT_EQ(notice.at("status"), "administratively-prohibited");
  EXPECT_EQ(counter("messages", "flows_refused"), 1U);
  clear();
  advance(300s);
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_THAT(in_full(updates[0]), IsEmpty());
  EXPECT_THAT(in_summary(updates[0]), IsEmpty());
  accept();
  switch_flow("announce", "web");  // the LMA may have changed its mind
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_THAT(in_full(updates[1]), ElementsAre(1));
  accept();
  EXPECT_THAT(states(), ElementsAre("accepted"));
}

TEST_F(FlowAnnouncementsOfMag, AnAnswerWithoutThemIsARefusal) {  // section 5.2.6
  start(config_with({flow("web", 80)}));
  solicit();
  answer([](wire::ProxyBindingAcknowledgement& ack) {
    std::erase_if(ack.options, [](const auto& o) { return std::holds_alternative<FlowIdentification>(o); });
  });
  EXPECT_EQ(only_binding().at("state"), "registered");
  EXPECT_THAT(states(), ElementsAre("refused"));
  EXPECT_EQ(last_notice("flow-refused").at("status"), "not-answered");
}

TEST_F(FlowAnnouncementsOfMag, WhatTheLmaHasForgottenIsSaidInFullAtOnce) {  // section 5.3.3
  announce({flow("web", 80), flow("film", 81)});
  clear();
  advance(300s);
  answer([](wire::ProxyBindingAcknowledgement& ack) {
    ack.options.emplace_back(
        FlowIdentification{2, 0, static_cast<std::uint8_t>(FlowStatus::FidNotFound), {}});
  });
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_THAT(in_full(updates[1]), ElementsAre(2));
  EXPECT_THAT(in_summary(updates[1]), ElementsAre(1));
  answer_flows(FlowStatus::FidNotFound);
  EXPECT_THAT(updates, SizeIs(2)) << "no loop";
  EXPECT_THAT(states(), ElementsAre("accepted", "refused"));
}

TEST_F(FlowAnnouncementsOfMag, ACommandAnnouncesAndWithdrawsAtOnce) {  // section 5.2.4
  announce({flow("web", 80), flow("film", 81, false)});
  EXPECT_THAT(in_full(updates[0]), ElementsAre(1));
  clear();
  EXPECT_EQ(switch_flow("announce", "film").at("attachments").size(), 1U);
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(option<wire::HandoffIndicatorOption>(updates[0]).indicator, wire::HandoffIndicator::NoChange);
  EXPECT_THAT(in_full(updates[0]), ElementsAre(2));
  EXPECT_THAT(in_summary(updates[0]), ElementsAre(1));
  accept();
  EXPECT_THAT(states(), ElementsAre("accepted", "accepted"));
  switch_flow("announce", "film");
  EXPECT_THAT(updates, SizeIs(1)) << "it is announced";
  switch_flow("withdraw", "web");
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_THAT(in_full(updates[1]), IsEmpty());
  EXPECT_THAT(in_summary(updates[1]), ElementsAre(2));
}

TEST_F(FlowAnnouncementsOfMag, ACommandDuringTheRegistrationFollowsIt) {
  start(config_with({flow("web", 80, false)}));
  solicit();
  switch_flow("announce", "web");
  EXPECT_THAT(updates, SizeIs(1));
  accept();
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_THAT(in_full(updates[1]), ElementsAre(1));
  switch_flow("withdraw", "web");
  ASSERT_THAT(updates, SizeIs(3)) << "what was under way is not waited for";
  EXPECT_THAT(in_full(updates[2]), IsEmpty());
}

TEST_F(FlowAnnouncementsOfMag, CommandsSayWhatIsWrong) {
  announce({flow("web", 80)});
  EXPECT_EQ(command("flow announce", {{"flow", "wbe"}}).error().code, "no-such-flow");
  EXPECT_EQ(command("flow announce", {{"flow", "web"}, {"mn", "nobody"}}).error().code, "not-attached");
  EXPECT_EQ(command("flow withdraw", {{"flow", "web"}, {"access", "wimax"}}).error().code, "not-attached");
}

TEST_F(FlowAnnouncementsOfMag, AReloadAnnouncesTheDifference) {  // section 5.2.2.2
  announce({flow("web", 80), flow("film", 81)});
  clear();
  auto changed = flow("film", 82);
  auto config = config_with({changed, flow("new", 83)});
  ASSERT_TRUE(gateway->reconfigure(now, config));
  drain();
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_THAT(in_full(updates[0]), ElementsAre(2, 1)) << "the changed one keeps its number";
  EXPECT_THAT(in_summary(updates[0]), IsEmpty());
  accept();
  ASSERT_TRUE(gateway->reconfigure(now, config));
  drain();
  EXPECT_THAT(updates, SizeIs(1)) << "nothing has changed";
  config.accesses[0].binding.priority = std::uint8_t{5};
  ASSERT_TRUE(gateway->reconfigure(now, config));
  drain();
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_EQ(option<wire::BindingIdentifierOption>(updates[1]).priority, 5);
}

TEST_F(FlowAnnouncementsOfMag, ANodesOwnStandBesideThoseOfTheAccess) {
  auto config = config_with({flow("web", 80), flow("film", 81)});
  config.mobile_nodes[0].flows = {flow("film", 90)};
  start(config);
  register_node();
  std::vector<int> priorities;
  for (const auto& one : wire::find_all<FlowIdentification>(updates[0].options))
    priorities.push_back(one.priority);
  EXPECT_THAT(priorities, ElementsAre(90, 80));
}

TEST_F(FlowAnnouncementsOfMag, ManyAreSaidInSeveralUpdates) {  // section 6
  std::vector<AnnouncedFlow> many;
  std::vector<std::string> names;
  for (std::uint16_t i = 1; i <= 20; ++i) names.push_back("flow" + std::to_string(i));
  for (std::uint16_t i = 1; i <= 20; ++i) many.push_back(flow(names[i - 1U].c_str(), i));
  announce(many);
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_THAT(in_full(updates[0]), SizeIs(8));
  accept();
  accept();
  ASSERT_THAT(updates, SizeIs(3));
  EXPECT_THAT(in_full(updates[2]), SizeIs(4));
  EXPECT_THAT(in_summary(updates[2]), SizeIs(16));
  for (const auto& sent : messages) EXPECT_LE(sent.mobility_header.size(), 1280U - 40U);
  EXPECT_THAT(states(), testing::Each("accepted"));
}

TEST_F(FlowAnnouncementsOfMag, WhatHasToWaitIsNotLeftOut) {  // sections 5.2, 5.3.4
  std::vector<AnnouncedFlow> many;
  std::vector<std::string> names;
  for (std::uint16_t i = 1; i <= 20; ++i) names.push_back("flow" + std::to_string(i));
  for (std::uint16_t i = 1; i <= 20; ++i) many.push_back(flow(names[i - 1U].c_str(), i));
  announce(many);
  accept();
  accept();
  clear();
  for (auto& one : many) one.flow.priority = static_cast<std::uint16_t>(one.flow.priority + 100);
  ASSERT_TRUE(gateway->reconfigure(now, config_with(many)));
  drain();
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_THAT(in_full(updates[0]), SizeIs(8));
  EXPECT_THAT(in_summary(updates[0]), SizeIs(12)) << "they are known by another priority";
  accept();
  EXPECT_THAT(in_full(updates[1]), SizeIs(8));
  EXPECT_THAT(in_summary(updates[1]), SizeIs(12));
  accept();
  EXPECT_THAT(states(), testing::Contains("pending").Times(4));
  const auto record = records.back();
  start(config_with(many));
  gateway->restore(now, {record});
  drain();
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_THAT(in_full(updates[0]), SizeIs(8));
  EXPECT_THAT(in_summary(updates[0]), SizeIs(12)) << "a predecessor may have said them";
}

TEST_F(FlowAnnouncementsOfMag, AnotherNumberOfTheBindingIsSaidByEveryFlow) {  // section 4.2.1.3
  auto config = config_with({flow("web", 80)});
  start(config);
  register_node();
  clear();
  config.accesses[0].binding.id = 3;
  ASSERT_TRUE(gateway->reconfigure(now, config));
  drain();
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(option<wire::BindingIdentifierOption>(updates[0]).binding_id, 3);
  const auto& said = option<FlowIdentification>(updates[0]);
  EXPECT_EQ(said.sub_options.at(0), wire::FlowSubOption(wire::BindingReference{{3}}));
}

TEST_F(FlowAnnouncementsOfMag, ANumberOfItsOwnIsSaidWithoutAnyFlow) {  // others may name it
  auto config = config_with({});
  config.accesses[0].binding.id = 3;
  start(config);
  register_node();
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(option<wire::BindingIdentifierOption>(updates[0]).binding_id, 3);
}

TEST_F(FlowAnnouncementsOfMag, OtherLinksOfTheNodeMayCarryItToo) {
  auto both = flow("web", 80);
  both.also_by = {2, 1, 7};  // the first of the references is the gateway's own
  announce({both});
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(option<FlowIdentification>(updates[0]).sub_options.at(0),
            wire::FlowSubOption(wire::BindingReference{{1, 2, 7}}));
  answer_flows(FlowStatus::Successful);
  updates.clear();
  both.also_by = {7};
  ASSERT_TRUE(gateway->reconfigure(now, config_with({both})));
  drain();
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(option<FlowIdentification>(updates[0]).sub_options.at(0),
            wire::FlowSubOption(wire::BindingReference{{1, 7}}));
}

TEST_F(FlowAnnouncementsOfMag, OneWhoseOtherLinkIsNotThereYetIsSaidAgainAfterPausesThatDouble) {
  auto both = flow("web", 80);
  both.also_by = {7};
  start(config_with({both}));
  solicit();
  answer_flows(FlowStatus::BidNotFound);
  EXPECT_THAT(states(), ElementsAre("refused"));
  for (const auto pause : {1s, 2s, 4s, 8s}) {
    updates.clear();
    advance(pause - 10ms);
    EXPECT_THAT(updates, IsEmpty());
    advance(10ms);
    ASSERT_THAT(updates, SizeIs(1));
    EXPECT_THAT(in_full(updates[0]), ElementsAre(1));
    answer_flows(pause == 8s ? FlowStatus::Successful : FlowStatus::BidNotFound);
  }
  EXPECT_THAT(states(), ElementsAre("accepted"));
  updates.clear();
  advance(20s);
  EXPECT_THAT(updates, IsEmpty());
}

TEST_F(FlowAnnouncementsOfMag, OneThatIsRefusedForAnotherReasonIsNotSaidAgainByItself) {
  auto both = flow("web", 80);
  both.also_by = {7};
  start(config_with({both}));
  solicit();
  answer_flows(FlowStatus::AdministrativelyProhibited);
  updates.clear();
  advance(100s);
  for (const auto& update : updates) EXPECT_THAT(in_full(update), IsEmpty());
}

TEST_F(FlowAnnouncementsOfMag, APriorityThatIsNotConfiguredAnyMoreIsTheOrdinaryOne) {
  auto config = config_with({});
  config.accesses[0].binding.priority = std::uint8_t{10};
  start(config);
  register_node();
  clear();
  config.accesses[0].binding.priority.reset();
  ASSERT_TRUE(gateway->reconfigure(now, config));
  drain();
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(option<wire::BindingIdentifierOption>(updates[0]).priority, 64)
      << "silence would leave it as it is";
}

TEST_F(FlowAnnouncementsOfMag, WhatALostRetransmissionSaidIsSaidAgain) {
  start(config_with({flow("web", 80, false), flow("film", 81)}));
  solicit();
  const auto first = last_update;
  advance(500ms);
  switch_flow("announce", "web");
  switch_flow("withdraw", "film");
  advance(500ms);
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_THAT(in_full(updates[1]), ElementsAre(2)) << "the retransmission has it";
  last_update = first;
  accept();  // what was sent first; the second is lost
  ASSERT_THAT(updates, SizeIs(3));
  EXPECT_THAT(in_full(updates[2]), ElementsAre(2));
  EXPECT_THAT(in_summary(updates[2]), IsEmpty()) << "film is not announced any more";
  accept();
  EXPECT_THAT(states(), ElementsAre("accepted"));
  EXPECT_THAT(updates, SizeIs(3));
}

TEST_F(FlowAnnouncementsOfMag, WhatIsForgottenAgainAndAgainIsNotSaidForEver) {
  announce({flow("web", 80), flow("film", 81)});
  clear();
  advance(300s);
  for (int i = 0; i < 100 && !updates.empty(); ++i) {
    const auto summary = in_summary(updates.back());
    const auto sent = updates.size();
    answer([&](wire::ProxyBindingAcknowledgement& ack) {
      for (const auto id : summary)
        ack.options.emplace_back(
            FlowIdentification{id, 0, static_cast<std::uint8_t>(FlowStatus::FidNotFound), {}});
    });
    if (updates.size() == sent && in_summary(updates.back()).empty()) advance(300s);
  }
  EXPECT_THAT(states(), ElementsAre("refused", "refused"));
  EXPECT_LT(updates.size(), 20U);
}

TEST_F(FlowAnnouncementsOfMag, ACommandsWordOutlivesTheDaemonAndEndsWithTheAttachment) {
  const auto config = config_with({flow("web", 80), flow("film", 81, false)});
  start(config);
  register_node();
  switch_flow("announce", "film");
  accept();
  switch_flow("withdraw", "web");
  accept();
  const auto record = records.back();
  EXPECT_EQ(record.flows_switched, (std::map<std::string, bool>{{"film", true}, {"web", false}}));
  EXPECT_EQ(AttachmentRecord::from_json(record.to_json()).value(), record);
  start(config);
  gateway->restore(now, {record});
  drain();
  ASSERT_THAT(updates, SizeIs(1));
  const auto flows = wire::find_all<FlowIdentification>(updates[0].options);
  ASSERT_THAT(flows, SizeIs(1));
  EXPECT_EQ(flows[0].priority, 81);
  accept();
  ASSERT_TRUE(command("detach", {{"access", "wlan"}, {"mn", "mn1@example.com"}}));
  ASSERT_TRUE(command("attach", {{"access", "wlan"}, {"mn", "mn1@example.com"}, {"mac", kNode.to_string()}}));
  EXPECT_EQ(option<FlowIdentification>(updates.back()).priority, 80)
      << "it has attached anew, before the answer";
}

TEST_F(FlowAnnouncementsOfMag, ARetransmissionSaysTheSame) {
  start(config_with({flow("web", 80)}));
  solicit();
  advance(1s);
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_THAT(in_full(updates[1]), ElementsAre(1));
  accept();
  EXPECT_THAT(states(), ElementsAre("accepted"));
}

TEST_F(FlowAnnouncementsOfMag, AnInterfaceThatComesAnewIsToldInFull) {
  announce({flow("web", 80)});
  clear();
  ASSERT_TRUE(command("detach", {{"access", "wlan"}, {"mn", "mn1@example.com"}}));
  accept();
  ASSERT_TRUE(command("attach", {{"access", "wlan"}, {"mn", "mn1@example.com"}, {"mac", kNode.to_string()}}));
  ASSERT_FALSE(updates.empty());
  EXPECT_THAT(in_full(updates.back()), ElementsAre(1));
}

TEST_F(FlowAnnouncementsOfMag, ARestartTellsThemInFull) {
  const auto config = config_with({flow("web", 80)});
  start(config);
  register_node();
  const auto record = records.back();
  start(config);
  gateway->restore(now, {record});
  drain();
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_THAT(in_full(updates[0]), ElementsAre(1));
}

TEST_F(FlowAnnouncementsOfMag, ThoseOfIpv4HaveItsFormat) {  // RFC 6088 section 3.1
  auto four = flow("web", 80);
  four.flow.selector.source =
      wire::Range<Ipv6Address>{address("::ffff:192.0.2.0"), address("::ffff:192.0.2.255")};
  announce({four});
  const auto flows = wire::find_all<FlowIdentification>(updates[0].options);
  ASSERT_THAT(flows, SizeIs(1));
  const auto& sub = std::get<wire::TrafficSelectorSubOption>(flows[0].sub_options.at(1));
  ASSERT_TRUE(std::holds_alternative<wire::TrafficSelector4>(sub.selector));
  const auto& selector = std::get<wire::TrafficSelector4>(sub.selector);
  EXPECT_EQ(selector.source->last, (Ipv4Address{{192, 0, 2, 255}}));
  EXPECT_EQ(selector.destination_port->first, 80);
}

}  // namespace
}  // namespace flowmob::core
