// SPDX-License-Identifier: Apache-2.0
// Rules by who sends (docs/adr/0073). A test run gives each packet a closed socket of root in the first
// cgroup, which says of UDP whose it is, and of TCP as little as one in TIME_WAIT does. Other users and
// cgroups are in tests/e2e/test_local_senders.py.
#include <gmock/gmock.h>

#include "bench.h"
#include "platform/cgroup_watch.h"
#include "platform/dataplane/vif_dataplane.h"

namespace flowmob::dataplane::testing {
namespace {

using wire::Range;

class VifSenders : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = VifDataplane::open(options());
    ASSERT_TRUE(opened) << opened.error().message;
    vif_ = std::move(*opened);
    for (const std::uint32_t number : {0U, 1U})
      must(vif_->set_member({number, InterfaceIndex{index_of(number ? "if2" : "if1")},
                             mac(number ? kMember2Mac : kMember1Mac), true}));
    must(vif_->set_default_member(0));
  }
  void TearDown() override { must(VifDataplane::teardown(options())); }
  static VifDataplaneOptions options() { return {bpf_directory(), "vif0", {"if1", "if2"}, true, {}, 256}; }
  static void must(const Result<void>& done) { ASSERT_TRUE(done) << done.error().message; }

  static VifRule rule_of(std::uint32_t first, std::uint32_t last, std::uint32_t member) {
    VifRule rule{.selector = {}, .prefer = {member}};
    rule.sender.uids = Range<std::uint32_t>{first, last};
    return rule;
  }
  static VifRule marked(std::uint8_t ds, std::uint32_t member) {
    VifRule rule{.selector = {}, .prefer = {member}};
    rule.selector.traffic_class = Range<std::uint8_t>{ds, ds};
    return rule;
  }
  void rules(std::vector<VifRule> wanted) { must(vif_->set_rules(std::move(wanted))); }

  int member_of(const Packet& packet, std::string_view from = {}) const {
    const auto outcome =
        run(vif_->object(), "vif_egress", "vif0", frame(kPeerMac, kVifMac, packet.build()), from);
    EXPECT_EQ(outcome.verdict, Verdict::Redirect);
    return frame_source(outcome.frame) == mac(kMember2Mac) ? 1 : 0;
  }
  void receive(std::uint32_t number, const Packet& packet) const {
    const auto outcome = run(vif_->object(), "member_ingress", number ? "if2" : "if1",
                             frame(number ? kMember2Mac : kMember1Mac, kPeerMac, packet.build()));
    EXPECT_EQ(outcome.verdict, Verdict::Redirect);
  }
  std::optional<std::size_t> rule_shown() const {
    for (const auto& flow : vif_->flows())
      if (flow.source == ip(kCn)) return flow.rule;
    ADD_FAILURE() << "no such flow";
    return std::nullopt;
  }
  static Packet up() { return Packet().from(kNode).to(kCn).udp(4000, 5004).payload(100); }
  static Packet down() { return Packet().from(kCn).to(kNode).udp(5004, 4000).payload(100); }
  static Packet tcp_up() { return Packet().from(kNode).to(kCn).tcp(4000, 5004); }
  static Packet tcp_down() { return Packet().from(kCn).to(kNode).tcp(5004, 4000); }

  std::unique_ptr<VifDataplane> vif_;
};

TEST_F(VifSenders, TheUserOfTheSocketDecides) {
  rules({rule_of(1, 4294967294, 0), rule_of(0, 0, 1)});
  EXPECT_EQ(member_of(up()), 1);
  EXPECT_EQ(rule_shown(), 1U);
  rules({rule_of(0, 10, 1)});
  EXPECT_EQ(member_of(up()), 1);
  rules({rule_of(1000, 1000, 1)});
  receive(0, down());
  EXPECT_EQ(member_of(up()), 1) << "as before: no rule, and it has not been called away yet";
}

TEST_F(VifSenders, WhatIsForwardedIsNobodys) {
  rules({rule_of(0, 4294967294, 1)});
  EXPECT_EQ(member_of(up(), "if1"), 0);
  EXPECT_EQ(rule_shown(), std::nullopt);
}

TEST_F(VifSenders, ALaterPacketDoesNotTurnAFlowThatIsPlaced) {
  rules({rule_of(0, 0, 1)});
  EXPECT_EQ(member_of(up()), 1);
  EXPECT_EQ(member_of(up(), "if1"), 1) << "as nobody's";
  EXPECT_EQ(member_of(up().traffic_class(0xb8)), 1);
}

TEST_F(VifSenders, ASocketThatIsGoneTellsNothing) {
  rules({rule_of(0, 0, 1)});
  EXPECT_EQ(member_of(tcp_up()), 0);
  EXPECT_EQ(member_of(tcp_up()), 0);
  EXPECT_EQ(member_of(tcp_up(), "if1"), 0) << "this tells: it is no socket's";
}

TEST_F(VifSenders, ASocketThatIsGoneMovesNothingWhenRulesChange) {
  rules({{.selector = {}, .prefer = {1}}});
  EXPECT_EQ(member_of(tcp_up()), 1);
  for (int round = 0; round < 3; ++round) {  // a set is written where the one before the last was
    rules({rule_of(7, 7, 0), {.selector = {}, .prefer = {0}}});
    receive(0, tcp_down());
    EXPECT_EQ(member_of(tcp_up()), 1) << round;
    EXPECT_EQ(rule_shown(), std::nullopt) << "nobody knows";
  }
  EXPECT_EQ(member_of(tcp_up(), "if1"), 0) << "until a packet tells";
  EXPECT_EQ(rule_shown(), 1U);
}

TEST_F(VifSenders, WhatHasArrivedFirstWaitsForWhatIsSent) {
  rules({rule_of(0, 0, 1), {.selector = {}, .prefer = {0}}});
  receive(0, down());
  EXPECT_EQ(rule_shown(), 1U) << "until then a rule that asks nobody";
  EXPECT_EQ(member_of(up()), 1);
  EXPECT_EQ(rule_shown(), 0U);
  receive(0, down());
  EXPECT_EQ(member_of(up()), 1) << "its downlink does not lead";
}

TEST_F(VifSenders, WithoutAnotherRuleItsDownlinkLeadsUntilItSends) {
  rules({rule_of(5, 5, 1)});
  receive(1, down());
  EXPECT_EQ(member_of(up()), 1);
  receive(0, down());
  EXPECT_EQ(member_of(up()), 0) << "and goes on where it is not for it";
}

TEST_F(VifSenders, ARuleThatAsksNobodyAndComesFirstDecidesAtOnce) {
  rules({{.selector = {}, .prefer = {0}}, rule_of(0, 0, 1)});
  receive(1, down());
  EXPECT_EQ(member_of(up()), 0);
  EXPECT_EQ(rule_shown(), 0U);
}

TEST_F(VifSenders, MarksAreThoseOfTheFirstPacketThatIsSent) {
  rules({marked(46, 1)});
  receive(0, down().traffic_class(46 << 2));
  EXPECT_EQ(rule_shown(), std::nullopt) << "what the correspondent says does not count";
  EXPECT_EQ(member_of(up().traffic_class(46 << 2)), 1);
  EXPECT_EQ(member_of(up()), 1) << "nor what comes later";
  EXPECT_EQ(member_of(tcp_up().traffic_class(46 << 2)), 1) << "also without a socket";
}

TEST_F(VifSenders, AllThatIsAskedHasToHold) {
  auto both = marked(46, 1);
  both.sender.uids = Range<std::uint32_t>{0, 0};
  both.selector.source_port = Range<std::uint16_t>{5004, 5004};
  rules({both});
  EXPECT_EQ(member_of(up()), 0);
  EXPECT_EQ(member_of(Packet().from(kNode).to(kCn).udp(4001, 5004).traffic_class(46 << 2)), 1);
  EXPECT_EQ(member_of(Packet().from(kNode).to(kCn).udp(4001, 5005).traffic_class(46 << 2)), 0);
  EXPECT_EQ(member_of(Packet().from(kNode).to(kCn).udp(4002, 5004).traffic_class(46 << 2), "if1"), 0);
}

TEST_F(VifSenders, TheCgroupOfTheSocketDecides) {
  const auto root = platform::cgroup_mount();
  if (!root) GTEST_SKIP() << "no cgroup hierarchy of version 2 is mounted";
  VifRule rule{.selector = {}, .prefer = {1}};
  rule.sender.cgroup = *root;
  rules({rule});
  EXPECT_EQ(member_of(up()), 1) << "all are below the root";
  EXPECT_EQ(member_of(Packet().from(kNode).to(kCn).udp(4001, 5004), "if1"), 0);
  rule.sender.cgroup = *root / "there-is-none-of-this-name";
  rules({rule});
  EXPECT_EQ(member_of(Packet().from(kNode).to(kCn).udp(4002, 5004)), 0);
}

TEST_F(VifSenders, ARuleForNobodyMatchesNothingAndWaitsForNothing) {
  auto nobody = rule_of(0, 0, 1);
  nobody.sender.is_nobody = true;
  rules({nobody});
  EXPECT_EQ(member_of(up()), 0);
  VifRule without_condition{.selector = {}, .prefer = {1}};
  without_condition.sender.is_nobody = true;  // a user of an unknown name
  rules({without_condition});
  EXPECT_EQ(member_of(Packet().from(kNode).to(kCn).udp(4001, 5004)), 0);
}

TEST_F(VifSenders, SharesAndCopiesAreOfSendersToo) {
  auto shared = rule_of(0, 0, 0);
  shared.prefer = {0, 1};
  shared.shares = {0, 1};
  rules({shared});
  EXPECT_EQ(member_of(up()), 1);
  EXPECT_EQ(member_of(Packet().from(kNode).to(kCn).udp(4001, 5004), "if1"), 0) << "not this one's";
  auto copied = rule_of(0, 0, 0);
  copied.prefer.clear();
  rules({copied});
  receive(0, down().payload(9));
  EXPECT_EQ(member_of(up()), 1) << "it stays, and is copied from now on";
  EXPECT_EQ(
      run(vif_->object(), "member_ingress", "if1", frame(kMember1Mac, kPeerMac, down().payload(7).build()))
          .verdict,
      Verdict::Redirect);
  EXPECT_EQ(
      run(vif_->object(), "member_ingress", "if2", frame(kMember2Mac, kPeerMac, down().payload(7).build()))
          .verdict,
      Verdict::Drop);
}

}  // namespace
}  // namespace flowmob::dataplane::testing
