// SPDX-License-Identifier: Apache-2.0
#include "core/lma/flow_orders.h"

#include "core/lma/anchor_fixture_for_test.h"

/// Moves that reorder nothing: what the data plane is asked for, and how long a gap has to be.
namespace flowmob::core {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

const Ipv6Address kHome = address("2001:db8:1000::77");

LmaConfig config_with_orders() {
  LmaConfig config = test_config();
  config.handover_history = 1000;
  return config;
}

class FlowOrdersTest : public AnchorFixture {
 protected:
  explicit FlowOrdersTest(LmaConfig config = config_with_orders()) : AnchorFixture(std::move(config)) {}

  void SetUp() override {
    lma->seed_measurements(0x5eed5eed5eed5eedULL);
    accepted(second());
    Pbu one = first();
    one.service = "video";
    accepted(one);
    clear();
  }
  Json move(const char* to, Json more = Json::object()) {
    more.update({{"flow", "video"}, {"to", to}});
    const auto moved = lma->handle_command(now, "flow move", more);
    EXPECT_TRUE(moved) << moved.error().message;
    drain();
    return moved.value_or(Json());
  }
  std::optional<FlowOrder> asked() const {
    const auto flows = all<InstallFlow>();
    EXPECT_FALSE(flows.empty());
    return flows.empty() ? std::nullopt : flows.back().order;
  }
  FlowIndex video() const { return all<InstallFlow>().back().flow; }
  void wait(Duration d) {
    const TimePoint end = now.monotonic + d;
    for (auto due = lma->poll_timeout(); due && *due <= end; due = lma->poll_timeout()) {
      advance(*due - now.monotonic);
      lma->handle_timeout(now);
      drain();
    }
    advance(end - now.monotonic);
  }
  /// The data plane has seen where packets go.
  void tell_node() {
    OrderSeen seen;
    seen.node = kHome;
    lma->handle_flow_order(now, video(), seen);
    drain();
  }
  static Bytes reply_to(const SendBySession& asked) {
    Bytes message(asked.packet.begin() + 40, asked.packet.end());
    message[0] = 129;
    return message;
  }
  /// Answers all questions so far, each path after its round trip.
  void answer_echoes(Duration mag1, Duration mag2) {
    const auto questions = all<SendBySession>();
    clear();
    const TimePoint began = now.monotonic;
    const SessionId session1{2};
    for (const auto after : {std::min(mag1, mag2), std::max(mag1, mag2)}) {
      advance(began + after - now.monotonic);
      for (const auto& question : questions)
        if ((question.session == session1 ? mag1 : mag2) == after)
          lma->handle_echo_reply(now, kHome, reply_to(question));
    }
    drain();
  }
  Json record() {
    const auto rows = show("handovers");
    return show("handovers", {{"id", rows.back()["handover"]}}).at(0);
  }
};

TEST_F(FlowOrdersTest, AMoveWaitsForAGapUnlessItIsToBeNow) {
  EXPECT_EQ(move("mag2")["order"], "gap");
  ASSERT_TRUE(asked());
  EXPECT_EQ(asked()->from, SessionId{2});
  EXPECT_EQ(asked()->gap, FlowOrders::kAssumed);
  EXPECT_EQ(asked()->deadline, now.monotonic + 250ms);
  EXPECT_TRUE(asked()->makes_gaps);
  EXPECT_EQ(record()["order"], "waiting");
  EXPECT_EQ(move("mag1", {{"order", "now"}})["order"], "now");
  EXPECT_FALSE(asked());
  EXPECT_EQ(record()["order"], "now");
  EXPECT_EQ(record()["in_order"]["asked"], "now");
}

TEST_F(FlowOrdersTest, ACommandSaysTheDeadline) {
  move("mag2", {{"deadline", 40}});
  EXPECT_EQ(asked()->deadline, now.monotonic + 40ms);
  for (const Json& bad : {Json{{"deadline", -1}}, Json{{"deadline", 10'001}}, Json{{"order", "later"}}}) {
    Json arguments{{"flow", "video"}, {"to", "mag1"}};
    arguments.update(bad);
    const auto refused = lma->handle_command(now, "flow move", arguments);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code, "bad-argument");
  }
}

TEST_F(FlowOrdersTest, TheGapIsTheMeasuredDifferenceWithAMargin) {
  move("mag2");
  const auto flow = video();
  EXPECT_THAT(all<SendBySession>(), IsEmpty()) << "nobody knows where the node is";
  wait(5ms);
  EXPECT_THAT(all<ReadOrder>(), SizeIs(1));
  tell_node();
  const auto questions = all<SendBySession>();
  ASSERT_THAT(questions, SizeIs(2));
  EXPECT_EQ(questions[0].session, SessionId{2});
  EXPECT_EQ(questions[1].session, SessionId{1});
  EXPECT_EQ(to_hex(ByteView(questions[0].packet).first(40)),
            "6000000000103a40" + to_hex(kLma.octets) + to_hex(kHome.octets));
  answer_echoes(50ms, 16ms);
  ASSERT_THAT(all<AdjustOrder>(), SizeIs(1));
  EXPECT_EQ(all<AdjustOrder>()[0].flow, flow);
  EXPECT_EQ(all<AdjustOrder>()[0].gap, 34ms + 8500us + 2ms);
  EXPECT_DOUBLE_EQ(record()["in_order"]["delay_difference_ms"].get<double>(), 34);
  EXPECT_EQ(record()["order"], "waiting");
}

TEST_F(FlowOrdersTest, ToASlowerPathItNeedNotWait) {
  move("mag2");
  wait(5ms);
  tell_node();
  answer_echoes(16ms, 50ms);
  ASSERT_THAT(all<AdjustOrder>(), SizeIs(1));
  EXPECT_EQ(all<AdjustOrder>()[0].gap, 0ms);
  EXPECT_EQ(record()["order"], "now");
}

TEST_F(FlowOrdersTest, WhatIsKnownOfANodeIsAskedAgainAtOnce) {
  move("mag2");
  wait(5ms);
  tell_node();
  wait(100ms);
  clear();
  move("mag1", {{"order", "gap"}});
  EXPECT_THAT(all<SendBySession>(), SizeIs(2)) << "queues have changed";
}

TEST_F(FlowOrdersTest, EachPathIsAskedAFewTimesAndAgainBeforeTheDeadline) {
  move("mag2");
  wait(5ms);
  tell_node();
  wait(95ms);
  EXPECT_THAT(all<SendBySession>(), SizeIs(2 * PathDelays::kProbes));
  wait(150ms);
  EXPECT_THAT(all<SendBySession>(), SizeIs(4 * PathDelays::kProbes));
  wait(10s);
  EXPECT_THAT(all<SendBySession>(), SizeIs(4 * PathDelays::kProbes));
}

TEST_F(FlowOrdersTest, AnswersThatNobodyAskedForChangeNothing) {
  move("mag2");
  wait(5ms);
  tell_node();
  const auto questions = all<SendBySession>();
  ASSERT_THAT(questions, SizeIs(2));
  clear();
  for (const auto& question : questions) {
    Bytes forged = reply_to(question);
    forged.back() ^= 1;
    lma->handle_echo_reply(now, kHome, forged);
    forged = reply_to(question);
    forged[5] ^= 0x40;
    lma->handle_echo_reply(now, kHome, forged);
    lma->handle_echo_reply(now, kHome, ByteView(reply_to(question)).first(15));
    lma->handle_echo_reply(now, kStranger, reply_to(question));
    Bytes request = reply_to(question);
    request[0] = 128;
    lma->handle_echo_reply(now, kHome, request);
  }
  lma->handle_echo_reply(now, kHome, {});
  drain();
  EXPECT_THAT(all<AdjustOrder>(), IsEmpty());
  lma->handle_echo_reply(now, kHome, reply_to(questions[0]));
  lma->handle_echo_reply(now, kHome, reply_to(questions[0]));
  drain();
  EXPECT_THAT(all<AdjustOrder>(), IsEmpty()) << "one path twice";
  advance(1ms);
  lma->handle_echo_reply(now, kHome, reply_to(questions[1]));
  drain();
  EXPECT_THAT(all<AdjustOrder>(), SizeIs(1));
}

TEST(FlowOrders, MoreNodesThanAreRememberedMoveAllTheSame) {
  EffectQueue effects;
  FlowOrders orders(effects);
  orders.seed(0x5eed5eed5eed5eedULL);
  const TimePoint now(1000s);
  for (std::uint32_t i = 1; i <= 5000; ++i) {
    const FlowOrders::Move move{FlowIndex{i}, NodeIndex{i}, SessionId{1},
                                SessionId{2}, kLma,         {MoveOrder::Gap, 250ms}};
    ASSERT_TRUE(orders.begin(now, move));
    OrderSeen seen;
    seen.node = kHome;
    orders.handle_seen(now, move.flow, seen);
    if (i <= 4000) orders.end(move.flow);
  }
  for (auto due = orders.next_deadline(); due && *due < now + 300ms; due = orders.next_deadline())
    orders.handle_timeout(*due);
  EXPECT_NE(orders.plan(FlowIndex{4500}), nullptr);
}

TEST_F(FlowOrdersTest, ALinkThatDiesIsNotWaitedOn) {
  move("mag2");
  const auto flow = video();
  clear();
  Pbu gone = leave(first());
  send(gone);
  ASSERT_THAT(all<EndOrder>(), SizeIs(1));
  EXPECT_EQ(all<EndOrder>()[0].flow, flow);
  EXPECT_EQ(mag_of("video"), "mag2");
}

TEST_F(FlowOrdersTest, FromALinkThatHasDiedAFlowMovesNow) {
  send(leave(first()));
  EXPECT_FALSE(asked());
  EXPECT_EQ(record()["trigger"], "deregistration");
  EXPECT_EQ(record()["in_order"]["why_now"], "the link before is not up");
}

TEST_F(FlowOrdersTest, WhatReturnsBeforeItHasTurnedIsOrderedAnew) {
  move("mag2");
  advance(10ms);
  move("mag1");
  ASSERT_TRUE(asked());
  EXPECT_EQ(asked()->from, SessionId{1});
  EXPECT_THAT(all<EndOrder>(), IsEmpty()) << "in the place of the first";
}

TEST_F(FlowOrdersTest, TheOrderEndsWithItsRecord) {
  move("mag2");
  const auto flow = video();
  wait(20s);
  ASSERT_THAT(all<EndOrder>(), SizeIs(1));
  EXPECT_EQ(all<EndOrder>()[0].flow, flow);
}

TEST_F(FlowOrdersTest, TheRecordSaysWhatBecameOfIt) {
  move("mag2");
  wait(500ms);
  FlowWatch seen;
  seen.down.new_path = {9, now.monotonic, now.monotonic};
  seen.up.late = 2;
  const std::vector<std::pair<OrderSeen, std::string>> outcomes{
      {{}, "waiting"},
      {{.at_gaps = 3}, "gap"},
      {{.at_gaps = 1, .held = 1, .held_packets = 5, .last_turn = now.monotonic - 200ms}, "made-gap"},
      {{.at_deadline = 1, .early = 4}, "deadline"}};
  for (const auto& [order, word] : outcomes) {
    seen.order = order;
    seen.down.old_path.last = now.monotonic;  // or nothing more is expected
    lma->handle_flow_watch(now, HandoverId{record()["handover"].get<std::uint64_t>()}, seen);
    drain();
    EXPECT_EQ(record()["order"], word);
    EXPECT_EQ(record()["out_of_order"], 2 + order.early);
    wait(500ms);
  }
}

/// The anchor's says, or the group's, or the node's own.
TEST(OrderOf, TheNearestCounts) {
  LmaConfig config;
  config.order = {MoveOrder::Now, 90ms};
  config.groups = {{.name = "phones", .order = MoveOrder::Gap}};
  PolicyProfile node;
  EXPECT_EQ(order_of(config, node), (OrderConfig{MoveOrder::Now, 90ms}));
  node.group = "phones";
  EXPECT_EQ(order_of(config, node), (OrderConfig{MoveOrder::Gap, 90ms}));
  node.order = MoveOrder::Now;
  EXPECT_EQ(order_of(config, node), (OrderConfig{MoveOrder::Now, 90ms}));
}

}  // namespace
}  // namespace flowmob::core
