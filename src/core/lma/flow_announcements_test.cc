// SPDX-License-Identifier: Apache-2.0
#include "core/lma/flow_announcements.h"

#include "core/lma/announcing_fixture_for_test.h"

/// RFC 6089 at the anchor, for a node whose gateways decide: what an update says.
namespace flowmob::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST_F(FlowAnnouncementsTest, BindingsComeBeforeFlows) {  // section 5.3.1
  EXPECT_THAT(announce(first(), {flow(80, 10, 1), binding(1)}), ElementsAre(Pair(80, 0)));
  EXPECT_THAT(flows(), ElementsAre("fid-80", "*"));
  EXPECT_EQ(mag_of("fid-80"), "mag1");
  EXPECT_EQ(state_of("fid-80"), "active");
}

TEST_F(FlowAnnouncementsTest, AnAnnouncedFlowGoesByTheLinkAndTheRestDoesNot) {
  accepted(first());
  EXPECT_THAT(announce(second(), {binding(2), flow(80, 10, 2)}), ElementsAre(Pair(80, 0)));
  EXPECT_EQ(mag_of("fid-80"), "mag2");
  EXPECT_EQ(mag_of("*"), "mag1");
  const auto row = flow_row("fid-80");
  EXPECT_EQ(row["owner"], "mag");
  EXPECT_EQ(row["priority"], 10);
  EXPECT_EQ(row["announced"],
            (Json{{"flow_id", 80}, {"by", "mag2"}, {"session", row["session"]}, {"binding_ids", {2}}}));
}

TEST_F(FlowAnnouncementsTest, StandInAscendingPriorityWhoeverAnnouncedThem) {  // sections 5.3.2.1, 5.3.6
  announce(first(), {binding(1), flow(80, 20, 1), flow(81, 5, 1)});
  EXPECT_THAT(classifier(), ElementsAre(81, 80));
  announce(second(), {binding(2), flow(82, 10, 2)});
  EXPECT_THAT(classifier(), ElementsAre(81, 82, 80));
  announce(first(), {binding(1), flow(81, 30, 1), FlowSummary{{80}}});  // section 5.3.2.2
  EXPECT_THAT(classifier(), ElementsAre(82, 80, 81));
}

TEST_F(FlowAnnouncementsTest, StandBeforeThoseOfServices) {
  Pbu p = first();
  p.service = "video";
  announce(p, {binding(1), flow(80, 60000, 1)});
  EXPECT_THAT(flows(), ElementsAre("fid-80", "video", "*"));
}

TEST_F(FlowAnnouncementsTest, WhatMatchesNoneGoesByTheLowestBindingPriority) {  // section 5.1.1
  accepted(with(first(), {binding(1, 20)}));
  EXPECT_EQ(mag_of("*"), "mag1");
  accepted(with(second(), {binding(2, 10)}));
  EXPECT_EQ(mag_of("*"), "mag2");
  accepted(with(second(), {binding(2, 30)}));
  EXPECT_EQ(mag_of("*"), "mag1");
  accepted(leave(first()));
  EXPECT_EQ(mag_of("*"), "mag2");
  accepted(with(first(), {binding(1, 20)}));
  EXPECT_EQ(mag_of("*"), "mag1");
}

TEST_F(FlowAnnouncementsTest, EqualPrioritiesLeaveItWhereItIs) {
  attach_both();
  EXPECT_EQ(mag_of("*"), "mag1");
  accepted(with(first(), {binding(1, 0)}));  // RFC 5648's form says nothing
  EXPECT_EQ(mag_of("*"), "mag1");
  EXPECT_TRUE(show("sessions")[0]["binding_priority"].is_null());
}

TEST_F(FlowAnnouncementsTest, OmissionRemovesTheSendersOwnAlone) {  // section 5.3.4
  announce(first(), {binding(1), flow(80, 10, 1), flow(81, 11, 1)});
  announce(second(), {binding(2), flow(82, 12, 2)});
  EXPECT_THAT(announce(first(), {flow(83, 13, 1), FlowSummary{{81}}}), ElementsAre(Pair(83, 0)));
  EXPECT_THAT(flows(), ElementsAre("fid-81", "fid-82", "fid-83", "*"));
  announce(first(), {});
  EXPECT_THAT(flows(), ElementsAre("fid-82", "*"));
  EXPECT_THAT(classifier(), ElementsAre(82));
}

TEST_F(FlowAnnouncementsTest, ASummaryRefreshesWhatThereIs) {  // section 5.3.3
  announce(first(), {binding(1), flow(80, 10, 1), flow(81, 11, 1)});
  const auto before = show("flows");
  clear();
  EXPECT_THAT(announce(first(), {FlowSummary{{80, 81}}, FlowSummary{{80, 80}}}), IsEmpty());
  EXPECT_EQ(show("flows"), before);
  EXPECT_TRUE(all<InstallNode>().empty());
  const auto statistics = lma->handle_command(now, "show statistics", Json::object()).value();
  EXPECT_EQ(statistics["flow_options"]["refreshed"], 2);
}

TEST_F(FlowAnnouncementsTest, ASummaryOfWhatThereIsNotIsAnsweredFlowByFlow) {  // section 5.3.3
  announce(first(), {binding(1), flow(80, 10, 1)});
  EXPECT_THAT(announce(first(), {FlowSummary{{80, 7, 7, 9}}}), ElementsAre(Pair(7, 132), Pair(9, 132)));
  EXPECT_THAT(flows(), ElementsAre("fid-80", "*"));
  EXPECT_EQ(refused("fid-not-found"), 2U);
}

TEST_F(FlowAnnouncementsTest, OneNumberTwiceRefusesAllOfThem) {  // section 5.3.2
  announce(first(), {binding(1), flow(80, 10, 1)});
  EXPECT_THAT(announce(first(), {flow(80, 20, 1), flow(81, 11, 1), flow(81, 12, 1)}),
              ElementsAre(Pair(80, 129), Pair(81, 129), Pair(81, 129)));
  EXPECT_THAT(flows(), ElementsAre("fid-80", "*"));
  EXPECT_EQ(flow_row("fid-80")["priority"], 10);
  EXPECT_EQ(refused("reason-unspecified"), 3U);
}

TEST_F(FlowAnnouncementsTest, ANewOneHasASelectorAndAReference) {  // section 5.3.2.1
  const FlowIdentification without_selector{80, 10, 0, {to({1})}};
  const FlowIdentification without_reference{81, 11, 0, {TrafficSelectorSubOption{port(81)}}};
  const FlowIdentification without_both{82, 12, 0, {}};
  EXPECT_THAT(announce(first(), {binding(1), without_selector, without_reference, without_both}),
              ElementsAre(Pair(80, 130), Pair(81, 130), Pair(82, 130)));
  EXPECT_THAT(flows(), ElementsAre("*"));
  EXPECT_EQ(refused("malformed"), 3U);
}

TEST_F(FlowAnnouncementsTest, AFormatThatIsNotKnownIsRefused) {  // sections 4.2.1.4 and 5.3.2.1
  const auto of_format = [](std::uint8_t format, std::uint16_t number) {
    return FlowIdentification{
        number, number, 0, {to({1}), TrafficSelectorSubOption{wire::UnknownSelector{format, {1, 2}}}}};
  };
  EXPECT_THAT(announce(first(), {binding(1), of_format(7, 80), of_format(0, 81), flow(82, 10, 1)}),
              ElementsAre(Pair(80, 133), Pair(81, 133), Pair(82, 0)));
  EXPECT_EQ(refused("format-not-supported"), 2U);
}

TEST_F(FlowAnnouncementsTest, TheSelectorIsLookedAtBeforeTheReference) {  // section 5.3.2.1: "Then"
  const FlowIdentification both_bad{
      80, 10, 0, {to({99}), TrafficSelectorSubOption{wire::UnknownSelector{7, {}}}}};
  EXPECT_THAT(announce(first(), {binding(1), both_bad}), ElementsAre(Pair(80, 133)));
}

TEST_F(FlowAnnouncementsTest, ABindingThatDoesNotExistIsRefused) {  // sections 4.2.1.3 and 5.3.2.1
  EXPECT_THAT(announce(first(), {flow(80, 10, 1)}), ElementsAre(Pair(80, 131))) << "none is registered";
  EXPECT_THAT(announce(first(), {binding(1), flow(80, 10, 2), flow(81, 11, 0), flow(82, 12, 1)}),
              ElementsAre(Pair(80, 131), Pair(81, 131), Pair(82, 0)));
  const FlowIdentification one_of_two{83, 13, 0, {to({1, 2}), TrafficSelectorSubOption{port(83)}}};
  EXPECT_THAT(announce(first(), {one_of_two}), ElementsAre(Pair(83, 131)));
  EXPECT_EQ(refused("bid-not-found"), 4U);
}

TEST_F(FlowAnnouncementsTest, AReferenceMayNameABindingOfAnEarlierUpdateAndOfAnotherGateway) {
  attach_both();
  EXPECT_THAT(announce(first(), {flow(80, 10, 1), flow(81, 11, 2)}), ElementsAre(Pair(80, 0), Pair(81, 0)));
  EXPECT_EQ(mag_of("fid-80"), "mag1");
  EXPECT_EQ(mag_of("fid-81"), "mag2");
}

TEST_F(FlowAnnouncementsTest, AGatewaysOwnBindingComesBeforeAnothersOfTheSameNumber) {
  accepted(with(first(), {binding(1)}));
  EXPECT_THAT(announce(second(), {binding(1), flow(80, 10, 1)}), ElementsAre(Pair(80, 0)));
  EXPECT_EQ(mag_of("fid-80"), "mag2");
}

TEST_F(FlowAnnouncementsTest, NumbersAreTheSessionsOwn) {
  announce(first(), {binding(1), flow(80, 10, 1)});
  FlowIdentification other = flow(80, 11, 2);
  other.sub_options[1] = TrafficSelectorSubOption{port(8080)};
  announce(second(), {binding(2), other});
  EXPECT_THAT(classifier(), ElementsAre(80, 8080));
}

TEST_F(FlowAnnouncementsTest, ZeroIsNeitherANumberNorAPriority) {  // section 4.2
  EXPECT_THAT(announce(first(), {binding(1), flow(0, 10, 1), flow(80, 0, 1)}),
              ElementsAre(Pair(0, 130), Pair(80, 130)));
}

TEST_F(FlowAnnouncementsTest, OneReferenceAndOneSelectorAnOption) {  // sections 4.2.1.3 and 4.2.1.4
  FlowIdentification references = flow(80, 10, 1), selectors = flow(81, 11, 1);
  references.sub_options.emplace_back(to({1}));
  selectors.sub_options.emplace_back(TrafficSelectorSubOption{port(82)});
  EXPECT_THAT(announce(first(), {binding(1), references, selectors}),
              ElementsAre(Pair(80, 130), Pair(81, 130)));
}

TEST_F(FlowAnnouncementsTest, SubOptionsThatAreNotKnownAreSkipped) {  // section 4.2.1
  FlowIdentification strange = flow(80, 10, 1);
  strange.sub_options.insert(strange.sub_options.begin(), wire::UnknownSubOption{200, {1, 2, 3}});
  EXPECT_THAT(announce(first(), {binding(1), strange}), ElementsAre(Pair(80, 0)));
}

/// "Selector with end before start": the flow is refused, the others and the binding stand.
TEST_F(FlowAnnouncementsTest, ASelectorThatContradictsItselfIsMalformed) {
  const FlowIdentification backwards{
      80, 10, 0, {to({1}), TrafficSelectorSubOption{wire::UnknownSelector{2, {0, 0x30, 0, 0, 0, 2, 0, 1}}}}};
  announce(first(), {binding(1), flow(81, 11, 1)});
  EXPECT_THAT(announce(first(), {backwards, FlowSummary{{81}}}), ElementsAre(Pair(80, 130)));
  EXPECT_THAT(flows(), ElementsAre("fid-81", "*"));
  const FlowIdentification again{81, 11, 0, {backwards.sub_options[1]}};
  EXPECT_THAT(announce(first(), {again}), ElementsAre(Pair(81, 130)));
  EXPECT_EQ(flow_row("fid-81")["selector"], (Json{{"destination_port", 81}})) << "it stays as it was";
}

TEST_F(FlowAnnouncementsTest, AChangeKeepsWhatItDoesNotSay) {  // section 5.3.2.2
  attach_both();
  announce(first(), {flow(80, 10, 1)});
  const auto index = flow_row("fid-80")["flow_index"];
  const FlowIdentification priority{80, 20, 0, {}};
  EXPECT_THAT(announce(first(), {priority}), ElementsAre(Pair(80, 0)));
  EXPECT_EQ(flow_row("fid-80")["priority"], 20);
  EXPECT_EQ(flow_row("fid-80")["selector"], (Json{{"destination_port", 80}}));
  EXPECT_EQ(mag_of("fid-80"), "mag1");

  const FlowIdentification reference{80, 20, 0, {to({2})}};
  EXPECT_THAT(announce(first(), {reference}), ElementsAre(Pair(80, 0)));
  EXPECT_EQ(mag_of("fid-80"), "mag2");
  EXPECT_EQ(flow_row("fid-80")["selector"], (Json{{"destination_port", 80}}));

  const FlowIdentification selector{80, 20, 0, {TrafficSelectorSubOption{port(88)}}};
  EXPECT_THAT(announce(first(), {selector}), ElementsAre(Pair(80, 0)));
  EXPECT_EQ(flow_row("fid-80")["selector"], (Json{{"destination_port", 88}}));
  EXPECT_EQ(mag_of("fid-80"), "mag2");
  EXPECT_EQ(flow_row("fid-80")["flow_index"], index);
}

TEST_F(FlowAnnouncementsTest, WithoutAnyBindingItIsInactiveAndNotMatched) {  // sections 5.2.4, 5.3.1, 5.3.6
  attach_both();
  announce(first(), {flow(80, 10, 2)});
  EXPECT_THAT(classifier(), ElementsAre(80));
  accepted(leave(second()));
  EXPECT_EQ(state_of("fid-80"), "inactive");
  EXPECT_THAT(classifier(), IsEmpty());
  announce(first(), {FlowSummary{{80}}});  // inactive ones are refreshed like others
  EXPECT_EQ(state_of("fid-80"), "inactive");
  accepted(with(second(), {binding(2)}));
  EXPECT_EQ(state_of("fid-80"), "active");
  EXPECT_THAT(classifier(), ElementsAre(80));
  EXPECT_EQ(mag_of("fid-80"), "mag2");
}

FlowIdentification by_both() {
  FlowIdentification both = flow(80, 10, 2);
  both.sub_options[0] = to({2, 1});
  return both;
}

TEST_F(FlowAnnouncementsTest, SeveralBindingsAreCopies) {  // section 4.3
  attach_both();
  announce(first(), {by_both()});
  EXPECT_EQ(flow_row("fid-80")["announced"]["binding_ids"], (Json{2, 1}));
  const auto mags = [&] {
    std::vector<std::string> names;
    const Json row = flow_row("fid-80");
    for (const auto& link : row["spread"]["links"]) names.push_back(link["mag"]);
    return names;
  };
  EXPECT_EQ(flow_row("fid-80")["spread"]["kind"], "copies");
  EXPECT_THAT(mags(), ElementsAre("mag2", "mag1"));
  EXPECT_EQ(all<InstallFlow>().back().spread.links.size(), 2U);
  accepted(leave(second()));
  EXPECT_THAT(mags(), ElementsAre("mag1"));
  EXPECT_EQ(state_of("fid-80"), "active");
  accepted(with(second(), {binding(2)}));
  EXPECT_THAT(mags(), ElementsAre("mag2", "mag1"));
  announce(first(), {flow(80, 10, 1)});
  EXPECT_EQ(mag_of("fid-80"), "mag1");
  EXPECT_EQ(all<InstallFlow>().back().spread, Spread{});
}

TEST_F(FlowAnnouncementsTest, WhereSeveralAreNoCopiesTheFirstThatIsThereCarriesIt) {
  auto config = obeying();
  config.several_bindings = SeveralBindings::First;
  ASSERT_TRUE(lma->reconfigure(now, config));
  attach_both();
  announce(first(), {by_both()});
  EXPECT_EQ(mag_of("fid-80"), "mag2");
  EXPECT_EQ(all<InstallFlow>().back().spread, Spread{});
  accepted(leave(second()));
  EXPECT_EQ(mag_of("fid-80"), "mag1");
  EXPECT_EQ(state_of("fid-80"), "active");
  accepted(with(second(), {binding(2)}));
  EXPECT_EQ(mag_of("fid-80"), "mag2");
}

TEST_F(FlowAnnouncementsTest, WhatSeveralBindingsMeanMayChangeUnderThem) {
  attach_both();
  announce(first(), {by_both()});
  auto config = obeying();
  for (const auto several : {SeveralBindings::First, SeveralBindings::Copies}) {
    config.several_bindings = several;
    ASSERT_TRUE(lma->reconfigure(now, config));
    drain();
    const bool is_copied = several == SeveralBindings::Copies;
    EXPECT_EQ(all<InstallFlow>().back().spread.links.size(), is_copied ? 2U : 0U);
    EXPECT_EQ(mag_of("fid-80"), "mag2");
  }
}

TEST_F(FlowAnnouncementsTest, TheLatestAcceptedAnnouncementMovesTheFlow) {
  attach_both();
  announce(first(), {flow(80, 10, 1)});
  FlowIdentification same = flow(5, 20, 2);  // another number, and behind by priority: the same packets
  same.sub_options[1] = TrafficSelectorSubOption{port(80)};
  announce(second(), {same});
  EXPECT_EQ(state_of("fid-80"), "superseded");
  EXPECT_EQ(state_of("fid-5"), "active");
  ASSERT_EQ(all<InstallNode>().back().rules.size(), 1U) << "no copies";
  EXPECT_EQ(all<InstallNode>().back().rules[0].flow.value, flow_row("fid-5")["flow_index"]);

  announce(first(), {FlowSummary{{80}}});  // a refresh moves nothing
  announce(first(), {flow(80, 10, 1)});    // nor does what is known
  EXPECT_EQ(state_of("fid-80"), "superseded");
  announce(first(), {flow(80, 11, 1)});
  EXPECT_EQ(state_of("fid-80"), "active");
  EXPECT_EQ(state_of("fid-5"), "superseded");
  announce(first(), {});
  EXPECT_EQ(state_of("fid-5"), "active");
}

TEST_F(FlowAnnouncementsTest, OneThatHasNoLinkTakesNothing) {
  attach_both();
  announce(first(), {flow(80, 10, 1)});
  accepted(with(second(), {flow(80, 20, 2)}));
  EXPECT_EQ(mag_of("fid-80"), "mag1");
  accepted(leave(second()));
  EXPECT_THAT(flows(), ElementsAre("fid-80", "*"));
  EXPECT_EQ(state_of("fid-80"), "active");
}

TEST_F(FlowAnnouncementsTest, OfBindingsOneIsRegisteredAnUpdate) {  // RFC 5648 sections 4.1 and 6.2
  const auto statuses = [&](wire::MobilityOptions options) {
    std::vector<std::pair<int, int>> found;
    for (const auto& o : wire::find_all<BindingIdentifierOption>(accepted(with(first(), options)).options))
      found.emplace_back(o.binding_id, o.status);
    return found;
  };
  EXPECT_THAT(statuses({binding(0)}), ElementsAre(Pair(0, 164)));
  EXPECT_THAT(statuses({BindingIdentifierOption{1, 0, true, 9, {}}}), ElementsAre(Pair(1, 169)));
  EXPECT_THAT(statuses({BindingIdentifierOption{1, 0, false, 9, kMag2}}), ElementsAre(Pair(1, 167)));
  EXPECT_TRUE(show("sessions")[0]["binding_id"].is_null());
  EXPECT_THAT(statuses({BindingIdentifierOption{1, 0, false, 9, kMag1}, binding(2)}),
              ElementsAre(Pair(1, 0), Pair(2, 168)));
  EXPECT_EQ(show("sessions")[0]["binding_id"], 1);
  EXPECT_EQ(show("sessions")[0]["binding_priority"], 9);
}

TEST_F(FlowAnnouncementsTest, SelectorsOfIpv4MatchMappedAddresses) {  // RFC 6088 section 3.1
  wire::TrafficSelector4 four;
  four.source = wire::Range<Ipv4Address>{{{192, 0, 2, 0}}, {{192, 0, 2, 255}}};
  four.protocol = wire::Range<std::uint8_t>{17, 17};
  wire::TrafficSelector4 any;
  any.destination_port = wire::Range<std::uint16_t>{80, 80};
  announce(first(), {binding(1), FlowIdentification{1, 1, 0, {to({1}), TrafficSelectorSubOption{four}}},
                     FlowIdentification{2, 2, 0, {to({1}), TrafficSelectorSubOption{any}}}});
  EXPECT_EQ(flow_row("fid-1")["selector"],
            (Json{{"source", "::ffff:192.0.2.0-::ffff:192.0.2.255"}, {"next_header", 17}}));
  EXPECT_EQ(flow_row("fid-2")["selector"],
            (Json{{"source", "::ffff:0.0.0.0-::ffff:255.255.255.255"}, {"destination_port", 80}}));
}

}  // namespace
}  // namespace flowmob::core
