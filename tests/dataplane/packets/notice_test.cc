// SPDX-License-Identifier: Apache-2.0
#include "dataplane/abi/notice.h"

#include <unistd.h>

#include <chrono>
#include <thread>

#include "bench.h"
#include "platform/dataplane/bpf_map.h"
#include "platform/dataplane/mag_dataplane.h"
#include "platform/dataplane/notice_queue.h"

/// docs/adr/0062: what a gateway's program says of flows that a node moves by itself.
namespace flowmob::dataplane::testing {
namespace {

using core::FlowSighting;
using Kind = FlowSighting::Kind;

constexpr std::string_view kMovingMac = "02:00:00:00:09:01", kMovingRouterMac = "02:00:00:00:09:fe";

class MagNotices : public ::testing::Test {
 protected:
  static constexpr SessionId kAttachment{41};

  void SetUp() override {
    auto opened = MagDataplane::open(options());
    ASSERT_TRUE(opened) << opened.error().message;
    mag_ = std::move(*opened);
    install(kAttachment, true);
    queue_ = open_notice_queue(mag_->object(), [this](const FlowSighting& s) { seen_.push_back(s); }).value();
  }
  void TearDown() override { ASSERT_TRUE(MagDataplane::teardown(options())); }

  static MagDataplaneOptions options() {
    MagDataplaneOptions options{bpf_directory(), {"acc1"}, {"core0"}, ip(kMag1), false, 64};
    options.watches_flows = true;
    return options;
  }
  void install(SessionId attachment, bool is_watched) {
    Host host{attachment,
              InterfaceIndex{index_of("core0")},
              mac(kMovingMac),
              mac(kMovingRouterMac),
              {prefix("2001:db8:100::/64")},
              ip(kMag1),
              ip(kLma),
              1460};
    host.is_watched = is_watched;
    ASSERT_TRUE(mag_->install_host(host));
  }

  static Packet up(std::uint16_t port = 4000) { return Packet().from(kNode).to(kCn).udp(port, 5004); }
  static Packet down(std::uint16_t port = 4000) { return Packet().from(kCn).to(kNode).udp(5004, port); }
  void send(const Packet& packet = up()) const {
    const auto outcome =
        run(mag_->object(), "mag_uplink", "core0", frame(kCoreMac, kMovingMac, packet.build()));
    ASSERT_NE(outcome.verdict, Verdict::Drop);
  }
  void receive(const Packet& packet = down()) const {
    const auto outcome = run(mag_->object(), "mag_downlink", "acc1",
                             frame(kAccess1Mac, kPeerMac, packet.in_tunnel(kLma, kMag1).build()));
    ASSERT_EQ(outcome.verdict, Verdict::Redirect);
  }
  /// A pause between two packets that is long enough, however long it really is.
  static void wait() { ::usleep(250'000); }
  /// Two packets with a pause between them, which nothing answers.
  void send_on(const Packet& packet = up()) const {
    send(packet);
    wait();
    send(packet);
  }
  std::vector<Kind> told() {
    queue_->take();
    std::vector<Kind> kinds;
    for (const auto& sighting : std::exchange(seen_, {})) kinds.push_back(sighting.kind);
    return kinds;
  }
  BpfMap<fm_flow_key, fm_watched_flow> rows() const { return {mag_->object(), "watched_flows"}; }
  /// Everything that is remembered was so much earlier.
  void age(std::uint64_t nanoseconds) {
    auto map = rows();
    for (const auto& key : map.keys()) {
      auto row = map.get(key).value();
      row.last_up -= nanoseconds;
      if (row.said != 0) row.said -= nanoseconds;
      ASSERT_TRUE(map.set(key, row));
    }
  }
  fm_watched_flow row() const { return rows().get(rows().keys().at(0)).value(); }

  std::unique_ptr<MagDataplane> mag_;
  std::unique_ptr<RingQueue> queue_;
  std::vector<FlowSighting> seen_;
};

using Kinds = std::vector<Kind>;

TEST_F(MagNotices, AFlowWithoutDownlinkIsToldOnce) {
  send();
  EXPECT_EQ(told(), Kinds{}) << "its answer may be under way";
  wait();
  send();
  queue_->take();
  ASSERT_EQ(seen_.size(), 1U);
  EXPECT_EQ(seen_[0].attachment, kAttachment);
  EXPECT_EQ(seen_[0].kind, Kind::New);
  core::FlowKey key;
  key.source = ip(kCn);
  key.destination = ip(kNode);
  key.protocol = 17;
  key.ports = core::FlowKey::Ports{5004, 4000};
  EXPECT_EQ(seen_[0].flow, key) << "as its downlink packets look";
  seen_.clear();
  for (int i = 0; i < 20; ++i) send();
  wait();
  send();
  EXPECT_EQ(told(), Kinds{});
}

TEST_F(MagNotices, AFlowWhoseDownlinkComesThisWayIsNotTold) {
  for (int i = 0; i < 4; ++i) {
    send();
    receive();
    wait();
  }
  send();
  EXPECT_EQ(told(), Kinds{});
}

TEST_F(MagNotices, ManyPacketsAtOnceAreNoReason) {
  for (int i = 0; i < 50; ++i) send();
  EXPECT_LT(row().unanswered, FM_NOTICE_WAIT_NS) << "else the machine was too slow for this test";
  EXPECT_EQ(told(), Kinds{});
}

TEST_F(MagNotices, AnotherFlowsDownlinkIsNone) {
  send();
  receive(down(4001));
  wait();
  send();
  EXPECT_EQ(told(), Kinds{Kind::New});
}

TEST_F(MagNotices, LabelsAndMarksDoNotMakeAnotherFlow) {
  send(up().flow_label(7));
  receive(down().dscp(46));
  EXPECT_EQ(row().packets, 0U);
  EXPECT_EQ(rows().keys().size(), 1U);
}

TEST_F(MagNotices, OneThatWentAwayAndCameBackIsToldAgain) {
  send_on();
  EXPECT_EQ(told(), Kinds{Kind::New});
  for (int round = 0; round < 3; ++round) {
    receive();  // it comes this way by now
    age(5'000'000'000);
    send_on();
    EXPECT_EQ(told(), Kinds{Kind::New}) << round;
  }
}

TEST_F(MagNotices, WhatWasToldIsToldAgainNowAndThen) {
  send_on();
  EXPECT_EQ(told(), Kinds{Kind::New});
  age(FM_NOTICE_EVERY_NS);
  send();
  send();
  EXPECT_EQ(told(), Kinds{Kind::Unanswered});
  receive();
  send();
  EXPECT_EQ(told(), Kinds{});
  age(FM_NOTICE_EVERY_NS);
  receive();
  send();
  send();
  EXPECT_EQ(told(), Kinds{Kind::Alive});
}

TEST_F(MagNotices, OneWhoseDownlinkIsRareWaitsLonger) {
  send_on();
  EXPECT_EQ(told(), Kinds{Kind::New}) << "once";
  age(2'000'000'000);
  receive();  // too late to be what the telling brought
  EXPECT_GE(row().usual, FM_NOTICE_PAUSE_NS);
  send_on();
  EXPECT_EQ(told(), Kinds{});
  for (int i = 0; i < 4; ++i) {
    age(FM_NOTICE_PAUSE_NS);
    send();
  }
  EXPECT_EQ(told(), Kinds{Kind::New}) << "but not for ever";
}

TEST_F(MagNotices, WhatTheTellingBroughtMakesNobodyWait) {
  send_on();
  EXPECT_EQ(told(), Kinds{Kind::New});
  auto map = rows();
  auto said_now = row();
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  said_now.said = static_cast<std::uint64_t>(now.tv_sec + 1) * 1'000'000'000;  // however slow we are
  ASSERT_TRUE(map.set(map.keys().at(0), said_now));
  receive();
  EXPECT_LT(row().usual, FM_NOTICE_WAIT_NS);
}

TEST_F(MagNotices, TheRateIsBounded) {
  constexpr std::uint16_t kFlows = 400;
  for (std::uint16_t port = 1; port <= kFlows; ++port) send(up(port));
  wait();
  const auto began = std::chrono::steady_clock::now();
  for (std::uint16_t port = 1; port <= kFlows; ++port) send(up(port));
  const std::chrono::duration<double> lasted = std::chrono::steady_clock::now() - began;
  const auto first = told().size();
  EXPECT_GE(first, 50U);
  const auto processors = std::thread::hardware_concurrency();
  EXPECT_LE(static_cast<double>(first), processors * (100 + 1000 * lasted.count()))
      << "of each 100 at once, and 1000/s";
  std::size_t all = first;
  for (int round = 0; round < 50 && all < kFlows; ++round) {
    wait();
    for (std::uint16_t port = 1; port <= kFlows; ++port) send(up(port));
    for (std::size_t more = 1; more != 0; all += more) more = told().size();
  }
  EXPECT_EQ(all, kFlows) << "what found no room is told with a later packet, and nothing twice";
}

TEST_F(MagNotices, ANodeThatAttachedAnewIsLookedAtAnew) {
  send_on();
  EXPECT_EQ(told(), Kinds{Kind::New});
  install(SessionId{42}, true);
  send_on();
  queue_->take();
  ASSERT_EQ(seen_.size(), 1U);
  EXPECT_EQ(seen_[0].attachment, SessionId{42});
}

TEST_F(MagNotices, ANodeThatIsNotWatchedLeavesNothing) {
  install(kAttachment, false);
  send_on();
  EXPECT_EQ(told(), Kinds{});
  EXPECT_TRUE(rows().keys().empty());
  install(kAttachment, true);
  ASSERT_TRUE(mag_->set_watches_flows(false));
  send_on();
  EXPECT_TRUE(rows().keys().empty());
  ASSERT_TRUE(mag_->set_local_routing(true));
  ASSERT_TRUE(mag_->set_watches_flows(true));
  send_on();
  EXPECT_EQ(told(), Kinds{Kind::New}) << "the two do not touch each other";
}

TEST_F(MagNotices, FragmentsBelongToTheirFlow) {
  send(up().payload(64).fragment(0, true, 5));
  send(up().payload(64).fragment(64, false, 5));
  EXPECT_EQ(rows().keys().size(), 1U);
  EXPECT_EQ(row().packets, 2U);
  send(up().payload(64).fragment(64, false, 6));
  EXPECT_EQ(row().packets, 2U) << "whose first was never seen";
}

}  // namespace
}  // namespace flowmob::dataplane::testing
