// SPDX-License-Identifier: Apache-2.0
// What the node's own rules do with flows: copies, preferences, shares.
#include <fstream>
#include <sstream>

#include "core/flow/spread.h"
#include "vif_bench.h"
#include "wire/checksum.h"
#include "wire/neighbor_discovery.h"

namespace flowmob::dataplane::testing {
namespace {

/// UDP of port 5004 goes by both members.
class VifCopies : public Vif {
 protected:
  void SetUp() override {
    Vif::SetUp();
    wire::TrafficSelector6 video;
    video.source_port = {5004, 5004};
    video.next_header = {17, 17};
    must(vif_->set_rules({{video}}));
  }
  static constexpr int kPackets = 100, kFewOthers = 20;
  static std::uint64_t sent_by(const std::string& interface) {
    std::ifstream file("/proc/thread-self/net/dev");
    for (std::string line; std::getline(file, line);) {
      const auto name = line.find(interface + ":");
      if (name == std::string::npos) continue;
      std::istringstream numbers(line.substr(name + interface.size() + 1));
      std::uint64_t number = 0;
      for (int column = 0; column < 10; ++column) numbers >> number;
      return number;
    }
    ADD_FAILURE() << "no interface " << interface;
    return 0;
  }
};

/// The kernel says a little of its own there.
TEST_F(VifCopies, EachPacketLeavesByEveryMember) {
  const auto sent_beside = [this](const Packet& packet) {
    const auto before = sent_by("if2");
    for (int i = 0; i < kPackets; ++i) EXPECT_EQ(member_of(packet), 0);
    return static_cast<int>(sent_by("if2") - before);
  };
  EXPECT_NEAR(sent_beside(up()), kPackets, kFewOthers);
  EXPECT_LT(sent_beside(other_up()), kFewOthers) << "another flow";
  set_up(1, false);
  EXPECT_LT(sent_beside(up()), kFewOthers) << "a member that is down";
}

TEST_F(VifCopies, QuestionsAndWordsAboutGroupsLeaveByEveryMember) {
  const auto sent_beside = [this](const Bytes& packet) {
    const auto before = sent_by("if2");
    for (int i = 0; i < kPackets; ++i) EXPECT_EQ(frame_source(send(packet).frame), mac(kMember1Mac));
    return static_cast<int>(sent_by("if2") - before);
  };
  const wire::NeighborSolicitation asking{ip("fe80::1"), {wire::SourceLinkLayerAddress{octets(kVifMac)}}};
  EXPECT_NEAR(sent_beside(icmp(kNode, "ff02::1:ff00:1", asking)), kPackets, kFewOthers);
  EXPECT_LT(sent_beside(icmp(kNode, "fe80::1", asking)), kFewOthers) << "a question for one";
  constexpr std::size_t kType = 40;
  auto other = icmp(kNode, "ff02::16", asking);
  other[kType] = 143;
  EXPECT_NEAR(sent_beside(other), kPackets, kFewOthers) << "a report of multicast listeners";
  other[kType] = 128;
  EXPECT_LT(sent_beside(other), kFewOthers) << "an echo request";
}

TEST_F(VifCopies, OfWhatComesTheFirstCounts) {
  EXPECT_EQ(receive(0, down().build()).verdict, Verdict::Redirect);
  const auto second = receive(1, down().build());
  EXPECT_TRUE(dropped_for(second, vif_->drops(), "copy"));
  EXPECT_EQ(receive(0, down().build()).verdict, Verdict::Redirect) << "it was said twice";
  ASSERT_EQ(vif_->flows().size(), 1U);
  EXPECT_EQ(vif_->flows()[0].traffic.down.packets, 2U);
}

TEST_F(VifCopies, OfErrorsAboutSuchAFlowTheFirstCounts) {
  EXPECT_EQ(receive(0, down().build()).verdict, Verdict::Redirect);
  const auto answer = error(up(), "2001:db8:e::1", kNode).build();
  EXPECT_EQ(receive(0, answer).verdict, Verdict::Redirect);
  const auto second = receive(1, answer);
  EXPECT_TRUE(dropped_for(second, vif_->drops(), "copy"));
}

TEST_F(VifCopies, RulesCountForFlowsThatLive) {
  must(vif_->set_rules({}));
  EXPECT_EQ(receive(0, down().build()).verdict, Verdict::Redirect);
  EXPECT_EQ(receive(1, down().build()).verdict, Verdict::Redirect);
  wire::TrafficSelector6 all;
  must(vif_->set_rules({{all}}));
  EXPECT_EQ(receive(0, down().payload(7).build()).verdict, Verdict::Redirect);
  EXPECT_EQ(receive(1, down().payload(7).build()).verdict, Verdict::Drop);
}

TEST_F(VifCopies, ByMoreMembersThanFourTheFirstStillCounts) {
  std::vector<std::uint32_t> ways{1, 2, 3, 4, 5, 6, 7};
  EXPECT_EQ(receive(0, down().payload(9).build()).verdict, Verdict::Redirect);
  for (const auto number : ways) {
    if (number > 1) must(vif_->set_member({number - 1, {}, {}, false}));
    must(vif_->set_member({number, InterfaceIndex{index_of("if2")}, mac(kMember2Mac), true}));
    EXPECT_EQ(receive(1, down().payload(9).build()).verdict, Verdict::Drop) << number;
  }
}

/// docs/adr/0062: the node itself decides.
class VifPreference : public Vif {
 protected:
  static wire::TrafficSelector6 port(std::uint16_t number) {
    wire::TrafficSelector6 selector;
    selector.source_port = {number, number};
    return selector;
  }
  void prefer(std::vector<std::uint32_t> members) {
    must(vif_->set_rules({{port(5004), std::move(members)}}));
  }
  VifFlow video() const {
    for (const auto& flow : vif_->flows())
      if (flow.source_port == 5004 && flow.protocol == 17) return flow;
    ADD_FAILURE() << "no such flow";
    return {};
  }
  static Packet unlisted() { return Packet().from(kNode).to(kCn).udp(4000, 5005).payload(100); }
  static Packet unlisted_down() { return Packet().from(kCn).to(kNode).udp(5005, 4000).payload(100); }
};

TEST_F(VifPreference, TheFirstThatIsUpTakesTheFlow) {
  prefer({1, 0});
  EXPECT_EQ(member_of(up()), 1);
  EXPECT_EQ(member_of(unlisted()), 0) << "the default";
  EXPECT_EQ(video().moves, 0U) << "it began there";
  set_up(1, false);
  EXPECT_EQ(member_of(up()), 0);
  set_up(1, true);
  EXPECT_EQ(member_of(up()), 1) << "and back when it can";
  EXPECT_EQ(video().moves, 2U);
  EXPECT_EQ(video().member, 1U);
}

TEST_F(VifPreference, WhereNoneIsUpTheDefaultDoes) {
  prefer({1});
  set_up(1, false);
  EXPECT_EQ(member_of(up()), 0);
  set_up(0, false);
  EXPECT_EQ(send(up().build()).verdict, Verdict::Drop);
  set_up(1, true);
  EXPECT_EQ(member_of(up()), 1);
}

TEST_F(VifPreference, ItsDownlinkFollowsAndDoesNotLead) {
  prefer({1, 0});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(receive(0, down().build()).verdict, Verdict::Redirect) << "it is delivered all the same";
    EXPECT_EQ(member_of(up()), 1);
  }
  static_cast<void>(receive(1, unlisted_down().build()));
  EXPECT_EQ(member_of(unlisted()), 1) << "others reflect";
}

TEST_F(VifPreference, ANewListMovesItAtOnceAndNothingElse) {
  prefer({0});
  static_cast<void>(receive(1, unlisted_down().build()));
  for (const std::uint32_t member : {1U, 0U, 1U}) {
    prefer({member});
    EXPECT_EQ(member_of(up()), static_cast<int>(member));
    EXPECT_EQ(member_of(unlisted()), 1);
  }
  EXPECT_EQ(video().moves, 2U);
}

class VifShares : public VifPreference {
 protected:
  void share(std::vector<std::uint16_t> shares) {
    must(vif_->set_rules({{port(5004), {0, 1}, std::move(shares)}}));
  }
  static Packet connection(std::uint16_t number) {
    return Packet().from(kNode).to(kCn).udp(static_cast<std::uint16_t>(20000 + number), 5004).payload(100);
  }
  std::vector<int> members(std::uint16_t count = 400) {
    std::vector<int> all;
    for (std::uint16_t i = 0; i < count; ++i) all.push_back(member_of(connection(i)));
    return all;
  }
};

TEST_F(VifShares, NewFlowsAreSharedOutByTheirWeights) {
  share({3, 1});
  const auto all = members();
  const auto on_second = std::ranges::count(all, 1);
  EXPECT_GT(on_second, 60);
  EXPECT_LT(on_second, 140) << "a quarter of 400";
  EXPECT_EQ(members(), all) << "each stays where it began";
  EXPECT_EQ(member_of(unlisted()), 0);
}

TEST_F(VifShares, AFlowThatLivesStaysWhateverTheWeightsAre) {
  share({1, 0});
  EXPECT_EQ(std::ranges::count(members(50), 0), 50);
  share({0, 1});
  EXPECT_EQ(std::ranges::count(members(50), 0), 50);
  EXPECT_EQ(member_of(connection(100)), 1) << "one that is new";
}

TEST_F(VifShares, WhatIsDownLosesItsFlowsAndNoOtherOnes) {
  share({1, 1});
  const auto before = members(100);
  set_up(1, false);
  EXPECT_EQ(std::ranges::count(members(100), 0), 100);
  set_up(1, true);
  EXPECT_EQ(std::ranges::count(members(100), 0), 100) << "they live, and stay";
  EXPECT_GT(std::ranges::count(before, 1), 0);
}

TEST_F(VifShares, AMemberWithoutAShareIsTheLastResort) {
  must(vif_->set_rules({{port(5004), {0, 1}, {0, 1}}}));
  set_up(1, false);
  EXPECT_EQ(std::ranges::count(members(20), 0), 20);
  set_up(1, true);
  EXPECT_EQ(member_of(connection(300)), 1);
}

TEST_F(VifShares, ADownlinkThatComesElsewhereDoesNotCallThem) {
  share({0, 1});
  static_cast<void>(receive(0, down().build()));
  EXPECT_EQ(member_of(up()), 1);
  static_cast<void>(receive(0, down().build()));
  EXPECT_EQ(member_of(up()), 1);
}

/// What the user space says of shares is what the program does.
TEST_F(VifShares, TheMemberIsThatOfTheCoresHash) {
  share({2, 1});
  core::Spread spread{core::SpreadKind::Shares, {{SessionId{1}, 2}, {SessionId{2}, 1}}};
  for (std::uint16_t i = 0; i < 100; ++i) {
    const auto key = core::parse_flow_key(fmt::format("udp,{},5004,{},{}", kCn, kNode, 20000 + i));
    ASSERT_TRUE(key);
    EXPECT_EQ(member_of(connection(i)), static_cast<int>(core::share_of(spread, *key).value) - 1);
  }
}

TEST_F(VifPreference, WithoutItsRuleItFollowsItsDownlinkAgain) {
  prefer({1});
  EXPECT_EQ(member_of(up()), 1);
  must(vif_->set_rules({}));
  EXPECT_EQ(member_of(up()), 1) << "where it was";
  EXPECT_EQ(video().rule, std::nullopt);
  static_cast<void>(receive(0, down().build()));
  EXPECT_EQ(member_of(up()), 0);
}

TEST_F(VifPreference, TheFirstRuleThatMatchesCountsAndIsTold) {
  must(vif_->set_rules({{port(1), {0}}, {port(5004), {1}}, {port(5004), {0}}, {wire::TrafficSelector6{}}}));
  EXPECT_EQ(member_of(up()), 1);
  EXPECT_EQ(video().rule, std::optional<std::size_t>(1));
}

TEST_F(VifPreference, EveryRuleHasItsRow) {
  std::vector<VifRule> rules;
  for (std::uint16_t i = 0; i < FM_MAX_VIF_RULES; ++i)
    rules.push_back({port(static_cast<std::uint16_t>(7000 + i)), {i % 2U}});
  for (int round = 0; round < 2; ++round) {  // both halves of the table
    must(vif_->set_rules(rules));
    for (std::uint16_t i = 0; i < FM_MAX_VIF_RULES; ++i)
      EXPECT_EQ(member_of(Packet().from(kNode).to(kCn).udp(4000, static_cast<std::uint16_t>(7000 + i))),
                i % 2);
  }
  const auto standing = rules;
  rules.push_back({port(1), {0}});
  EXPECT_EQ(vif_->set_rules(rules).error().code, "too-many-rules");
  EXPECT_EQ(vif_->rules(), standing) << "who asks again is not told that they hold";
}

TEST_F(VifPreference, ASuccessorHasItsOwnRules) {
  prefer({1});
  EXPECT_EQ(member_of(up()), 1);
  vif_.reset();
  open({});
  static_cast<void>(receive(0, down().build()));
  EXPECT_EQ(member_of(up()), 0);
}

}  // namespace
}  // namespace flowmob::dataplane::testing
