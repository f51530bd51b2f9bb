// SPDX-License-Identifier: Apache-2.0
#include "core/mag/flow_observer.h"

#include <set>

#include "core/mag/mag_fixture.h"

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// docs/adr/0062: the node moves flows by itself, and the gateway tells the LMA.
namespace flowmob::core {
namespace {

using wire::FlowIdentification;
using wire::FlowStatus;
using Kind = FlowSighting::Kind;

class FlowObserverOfMag : public MagFixture {
 protected:
  static MagConfig observing(bool on = true) {
    auto config = default_config();
    config.accesses[0].services = {};
    config.accesses[0].observes_flows = on;
    return config;
  }
  void serve(const MagConfig& config = observing()) {
    start(config);
    register_node();
    clear();
  }
  SessionId session() const { return SessionId{only_binding().at("session").get<std::uint32_t>()}; }
  static FlowKey flow(std::uint16_t port) {
    FlowKey key;
    key.source = address("2001:db8:c::10");
    key.destination = address("2001:db8:100:1::10");
    key.protocol = 17;
    key.ports = FlowKey::Ports{5004, port};
    return key;
  }
  void sight(std::uint16_t port, Kind kind = Kind::New) {
    gateway->handle_flow_sighting(now, {session(), flow(port), kind});
    drain();
  }
  /// Seen, told and taken by the LMA.
  void announce(std::uint16_t port) {
    sight(port);
    advance(400ms);
    accept();
  }
  static std::vector<FlowIdentification> in_full(const wire::ProxyBindingUpdate& update) {
    return wire::find_all<FlowIdentification>(update.options);
  }
  static std::vector<std::uint16_t> in_summary(const wire::ProxyBindingUpdate& update) {
    const auto* summary = wire::find<wire::FlowSummary>(update.options);
    return summary ? summary->flow_ids : std::vector<std::uint16_t>{};
  }
  void answer_flows(FlowStatus status) {
    answer([status](wire::ProxyBindingAcknowledgement& ack) {
      for (auto& option : ack.options)
        if (auto* one = std::get_if<FlowIdentification>(&option))
          one->status = static_cast<std::uint8_t>(status);
    });
  }
  Json flows() const { return only_binding().at("flows"); }
};

TEST_F(FlowObserverOfMag, AFlowThatTheNodeMovedIsToldToTheLma) {
  serve();
  sight(4000);
  EXPECT_THAT(updates, IsEmpty()) << "others may follow at once";
  advance(20ms);
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(option<wire::HandoffIndicatorOption>(updates[0]).indicator, wire::HandoffIndicator::NoChange);
  const auto told = in_full(updates[0]);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].priority, 0xffff) << "behind what is configured";
  const auto& sub = std::get<wire::TrafficSelectorSubOption>(told[0].sub_options.at(1));
  const auto& selector = std::get<wire::TrafficSelector6>(sub.selector);
  EXPECT_EQ(selector.source, (wire::Range<Ipv6Address>{flow(0).source, flow(0).source}));
  EXPECT_EQ(selector.destination_port, (wire::Range<std::uint16_t>{4000, 4000}));
  EXPECT_EQ(selector.next_header, (wire::Range<std::uint8_t>{17, 17}));
  accept();
  ASSERT_THAT(flows(), SizeIs(1));
  EXPECT_EQ(flows()[0].at("flow"), "udp,2001:db8:c::10,5004,2001:db8:100:1::10,4000");
  EXPECT_EQ(flows()[0].at("observed"), true);
  EXPECT_EQ(flows()[0].at("state"), "accepted");
  EXPECT_EQ(last_notice("flow-observed").at("again"), false);
  EXPECT_EQ(counter("messages", "flows_observed"), 1U);
}

TEST_F(FlowObserverOfMag, HostsAreWatchedWhereItIsConfigured) {
  serve();
  EXPECT_TRUE(hosts.empty());
  start(observing());
  register_node();
  ASSERT_THAT(hosts, SizeIs(1));
  EXPECT_TRUE(hosts[0].is_watched);
  auto config = observing();
  config.mobile_nodes[0].observes_flows = false;
  ASSERT_TRUE(gateway->reconfigure(now, config));
  drain();
  ASSERT_THAT(hosts, SizeIs(2));
  EXPECT_FALSE(hosts[1].is_watched) << "the node's word goes before the access's";
  sight(4000);
  advance(1s);
  EXPECT_EQ(counter("drops", "flow-not-observed"), 1U);
  EXPECT_THAT(flows(), IsEmpty());
}

TEST_F(FlowObserverOfMag, WhatIsSeenAtOnceIsToldInOne) {
  serve();
  for (std::uint16_t port = 1; port <= 3; ++port) sight(port);
  advance(20ms);
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_THAT(in_full(updates[0]), SizeIs(3));
}

TEST_F(FlowObserverOfMag, UpdatesHaveAPace) {  // MAX_UPDATE_RATE, RFC 6275 section 12
  serve();
  for (std::uint16_t port = 1; port <= 12; ++port) {
    sight(port);
    advance(50ms);
    accept();
  }
  EXPECT_LE(updates.size(), 3U);
  advance(400ms);
  accept();
  std::set<std::uint16_t> told;
  for (const auto& update : updates)
    for (const auto& one : in_full(update)) told.insert(one.flow_id);
  EXPECT_THAT(told, SizeIs(12));
}

TEST_F(FlowObserverOfMag, OneThatComesBackIsTheLatestUnderAnotherNumber) {
  serve();
  announce(4000);
  const auto first = in_full(updates.at(0)).at(0).flow_id;
  clear();
  sight(4000);
  advance(400ms);
  ASSERT_THAT(updates, SizeIs(1));
  ASSERT_THAT(in_full(updates[0]), SizeIs(1));
  EXPECT_NE(in_full(updates[0])[0].flow_id, first);
  EXPECT_THAT(in_summary(updates[0]), IsEmpty()) << "the former is left out, and gone with it";
  accept();
  EXPECT_EQ(last_notice("flow-observed").at("again"), true);
  EXPECT_THAT(flows(), SizeIs(1));
}

TEST_F(FlowObserverOfMag, WhileTheLmaHasNotAnsweredNothingIsSaidTwice) {
  serve();
  sight(4000);
  advance(20ms);
  sight(4000);
  advance(400ms);
  EXPECT_THAT(updates, SizeIs(1));
}

TEST_F(FlowObserverOfMag, OneWayTrafficIsToldOnce) {
  serve();
  announce(4000);
  clear();
  for (int i = 0; i < 60; ++i) {
    advance(10s);
    sight(4000, Kind::Unanswered);
    if (!updates.empty()) accept();  // a refresh
  }
  for (const auto& update : updates) EXPECT_THAT(in_full(update), IsEmpty());
  EXPECT_THAT(flows(), SizeIs(1));
}

TEST_F(FlowObserverOfMag, OneWayTrafficThatWasAwayIsToldAgain) {
  serve();
  announce(4000);
  clear();
  advance(60s);
  sight(4000, Kind::Unanswered);
  advance(400ms);
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_THAT(in_full(updates[0]), SizeIs(1));
}

TEST_F(FlowObserverOfMag, WhatWasMissedIsToldWithTheNextWord) {
  serve();
  sight(4000, Kind::Unanswered);
  sight(4001, Kind::Alive);
  advance(20ms);
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_THAT(in_full(updates[0]), SizeIs(1)) << "what comes this way needs no word";
}

TEST_F(FlowObserverOfMag, AnIdleOneIsWithdrawn) {
  serve();
  announce(4000);
  announce(4001);
  clear();
  for (int i = 0; i < 17; ++i) {
    advance(10s);
    sight(4001, Kind::Alive);
  }
  EXPECT_THAT(updates, IsEmpty());
  advance(9300ms);
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_THAT(in_full(updates[0]), IsEmpty());
  EXPECT_THAT(in_summary(updates[0]), SizeIs(1));
  accept();
  EXPECT_THAT(flows(), SizeIs(1));
}

TEST_F(FlowObserverOfMag, TheIdlestGivesWay) {
  serve();
  for (std::uint16_t port = 1; port <= ObservedFlows::kMost; ++port) {
    announce(port);
    while (only_binding().at("flows").back().at("state") == "pending") accept();
  }
  ASSERT_THAT(flows(), SizeIs(ObservedFlows::kMost));
  sight(100, Kind::Unanswered);
  EXPECT_EQ(counter("drops", "observed-flow-ignored"), 1U) << "it has waited, and can go on";
  announce(101);
  ASSERT_THAT(flows(), SizeIs(ObservedFlows::kMost));
  std::set<std::string> names;
  for (const auto& row : flows()) names.insert(row.at("flow").get<std::string>());
  EXPECT_FALSE(names.contains("udp,2001:db8:c::10,5004,2001:db8:100:1::10,1"));
  EXPECT_TRUE(names.contains("udp,2001:db8:c::10,5004,2001:db8:100:1::10,101"));
}

TEST_F(FlowObserverOfMag, WhatHasJustGivenWayDoesNotTakeTurns) {
  serve();
  for (std::uint16_t port = 1; port <= ObservedFlows::kMost + 1; ++port) {
    announce(port);
    while (only_binding().at("flows").back().at("state") == "pending") accept();
  }
  const auto names = [&] {
    std::set<std::string> all;
    for (const auto& row : flows()) all.insert(row.at("flow").get<std::string>());
    return all;
  };
  const auto before = names();
  clear();
  for (int i = 0; i < 12; ++i) {
    sight(1);  // its downlink has gone back where it was
    advance(1s);
  }
  EXPECT_THAT(updates, IsEmpty());
  EXPECT_EQ(names(), before);
  advance(15s);
  sight(1);
  advance(1s);
  EXPECT_TRUE(names().contains("udp,2001:db8:c::10,5004,2001:db8:100:1::10,1")) << "some time later it may";
}

TEST_F(FlowObserverOfMag, AnLmaThatDecidesIsNotAskedAgain) {
  serve();
  sight(4000);
  advance(20ms);
  answer_flows(FlowStatus::AdministrativelyProhibited);
  EXPECT_EQ(last_notice("flow-refused").at("status"), "administratively-prohibited");
  EXPECT_THAT(flows(), IsEmpty());
  clear();
  for (std::uint16_t port = 4000; port < 4010; ++port) sight(port);
  advance(1s);
  EXPECT_THAT(updates, IsEmpty());
  EXPECT_EQ(counter("drops", "observed-flow-ignored"), 10U);
  ASSERT_TRUE(gateway->reconfigure(now, observing()));
  drain();
  sight(4000);
  advance(400ms);
  ASSERT_THAT(updates, SizeIs(1)) << "the operator may have changed both";
}

TEST_F(FlowObserverOfMag, AnLmaWithoutRoomIsAskedAgainWithTheNextWord) {
  serve();
  sight(4000);
  advance(20ms);
  answer_flows(FlowStatus::ReasonUnspecified);
  EXPECT_THAT(flows(), IsEmpty());
  sight(4000, Kind::Unanswered);
  advance(400ms);
  ASSERT_THAT(updates, SizeIs(2));
  accept();
  EXPECT_EQ(flows()[0].at("state"), "accepted");
}

TEST_F(FlowObserverOfMag, WhatTheLmaHasForgottenIsNotClaimed) {  // it may be elsewhere by now
  serve();
  announce(4000);
  clear();
  advance(170s);
  sight(4000, Kind::Alive);
  advance(129700ms);
  ASSERT_THAT(updates, SizeIs(1));
  const auto id = in_summary(updates[0]).at(0);
  answer([id](wire::ProxyBindingAcknowledgement& ack) {
    ack.options.emplace_back(
        FlowIdentification{id, 0, static_cast<std::uint8_t>(FlowStatus::FidNotFound), {}});
  });
  EXPECT_THAT(updates, SizeIs(1));
  EXPECT_THAT(flows(), IsEmpty());
}

TEST_F(FlowObserverOfMag, ANodeThatAttachesAnewHasNone) {
  serve();
  announce(4000);
  ASSERT_TRUE(command("detach", {{"access", "wlan"}, {"mn", "mn1@example.com"}}));
  accept();
  clear();
  ASSERT_TRUE(command("attach", {{"access", "wlan"}, {"mn", "mn1@example.com"}, {"mac", kNode.to_string()}}));
  ASSERT_FALSE(updates.empty());
  EXPECT_THAT(in_full(updates[0]), IsEmpty());
  EXPECT_THAT(flows(), IsEmpty());
}

TEST_F(FlowObserverOfMag, AStrangersFlowIsCounted) {
  serve();
  gateway->handle_flow_sighting(now, {SessionId{4711}, flow(4000), Kind::New});
  drain();
  advance(1s);
  EXPECT_THAT(updates, IsEmpty());
  EXPECT_EQ(counter("drops", "flow-not-observed"), 1U);
}

TEST_F(FlowObserverOfMag, ThoseOfTheConfigurationStandBeside) {
  auto config = observing();
  wire::TrafficSelector6 web;
  web.destination_port = wire::Range<std::uint16_t>{80, 80};
  config.accesses[0].flows = {{FlowTemplate{"web", 10, web}, true}};
  serve(config);
  announce(4000);
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_THAT(in_summary(updates[0]), ElementsAre(1));
  EXPECT_THAT(in_full(updates[0]), SizeIs(1));
  EXPECT_GT(in_full(updates[0])[0].flow_id, 1000);
  EXPECT_THAT(flows(), SizeIs(2));
}

}  // namespace
}  // namespace flowmob::core
