// SPDX-License-Identifier: Apache-2.0
// Members of a virtual interface that come and go while packets do.
#include "bench.h"
#include "vif_flows.h"

namespace flowmob::dataplane::testing {
namespace {

/// if1 is member 0 and the default; if2 is not used yet.
class VifMembers : public ::testing::Test {
 protected:
  void SetUp() override {
    open();
    set(0, "if1", kMember1Mac);
    ASSERT_TRUE(vif_->set_default_member(0));
  }
  void TearDown() override { ASSERT_TRUE(VifDataplane::teardown(options_)); }
  void open() {
    vif_.reset();
    auto opened = VifDataplane::open(options_);
    ASSERT_TRUE(opened) << opened.error().message;
    vif_ = std::move(*opened);
  }
  void set(std::uint32_t number, const char* interface, std::string_view own, bool up = true) {
    ASSERT_TRUE(vif_->set_member({number, InterfaceIndex{index_of(interface)}, mac(own), up}));
  }
  void add_second() {
    set(1, "if2", kMember2Mac);
    ASSERT_TRUE(vif_->add_member(1, "if2"));
  }
  Verdict arrives(const char* interface, std::string_view own) const {
    return run(vif_->object(), "member_ingress", interface,
               frame(own, kPeerMac, Packet().from(kCn).to(kNode).udp(2, 1).build()))
        .verdict;
  }
  MacAddress source() const {
    const auto uplink = Packet().from(kNode).to(kCn).udp(1, 2).build();
    return frame_source(run(vif_->object(), "vif_egress", "vif0", frame(kPeerMac, kVifMac, uplink)).frame);
  }

  VifDataplaneOptions options_{bpf_directory(), "vif0", {"if1"}, true, {}, 256};
  std::unique_ptr<VifDataplane> vif_;
};

TEST_F(VifMembers, WhatComesByANewOneIsTheVirtualInterfaces) {
  EXPECT_EQ(arrives("if2", kMember2Mac), Verdict::Pass);
  add_second();
  EXPECT_EQ(arrives("if2", kMember2Mac), Verdict::Redirect);
  EXPECT_EQ(source(), mac(kMember2Mac));
  EXPECT_EQ(vif_->add_member(16, "if3").error().code, "no-such-member");
}

TEST_F(VifMembers, OneThatLeavesSendsNothingAndIsStillHeard) {
  add_second();
  EXPECT_EQ(arrives("if2", kMember2Mac), Verdict::Redirect);
  set(1, "if2", kMember2Mac, false);
  EXPECT_EQ(source(), mac(kMember1Mac));
  EXPECT_EQ(arrives("if2", kMember2Mac), Verdict::Redirect);
  EXPECT_EQ(source(), mac(kMember1Mac));
}

TEST_F(VifMembers, FlowsOfAFormerOneHaveTheDefaultAndKeepTheirCounters) {
  add_second();
  EXPECT_EQ(arrives("if2", kMember2Mac), Verdict::Redirect);
  ASSERT_TRUE(vif_->remove_member(1));
  EXPECT_EQ(arrives("if2", kMember2Mac), Verdict::Pass) << "the kernel's, as before";
  const auto flows = flows_of_tests(*vif_);
  ASSERT_EQ(flows.size(), 1U);
  EXPECT_EQ(flows[0].member, 0U);
  EXPECT_EQ(flows[0].moves, 1U);
  EXPECT_EQ(flows[0].traffic.down.packets, 1U);
  set(1, "if2", kMember2Mac);
  EXPECT_EQ(source(), mac(kMember1Mac)) << "another under its number gets nothing of it";
}

TEST_F(VifMembers, ItsFlowsGoToOneWhoseGatewayTakesThem) {
  add_second();
  set(2, "acc1", kAccess1Mac);
  ASSERT_TRUE(vif_->add_member(2, "acc1"));
  EXPECT_EQ(arrives("if2", kMember2Mac), Verdict::Redirect);
  ASSERT_TRUE(vif_->set_source(Ipv6Prefix::truncated(ip(kNode), 64), 0b110));
  ASSERT_TRUE(vif_->remove_member(1));
  EXPECT_EQ(flows_of_tests(*vif_).at(0).member, 2U) << "not to the default";
  EXPECT_EQ(source(), mac(kAccess1Mac));
  ASSERT_TRUE(vif_->remove_member(2));
  EXPECT_EQ(flows_of_tests(*vif_).at(0).member, 0U) << "where there is none";
}

TEST_F(VifMembers, WithoutTheDefaultAnotherIsTheDefault) {
  add_second();
  ASSERT_TRUE(vif_->remove_member(0));
  EXPECT_EQ(source(), mac(kMember2Mac));
  set(0, "if1", kMember1Mac);
  EXPECT_EQ(source(), mac(kMember2Mac));
}

TEST_F(VifMembers, AfterARestartThoseThatAreNotNamedAreGoneWithTheirFlows) {
  add_second();
  EXPECT_EQ(arrives("if2", kMember2Mac), Verdict::Redirect);
  open();
  EXPECT_EQ(arrives("if2", kMember2Mac), Verdict::Pass);
  EXPECT_EQ(flows_of_tests(*vif_).at(0).member, 0U);
  EXPECT_EQ(VifDataplane::left_in(bpf_directory()).size(), 1U);
}

TEST_F(VifMembers, ARuleWithoutMembersIsNoRuleForCopies) {
  add_second();
  VifRule rule;
  rule.is_absent = true;
  ASSERT_TRUE(vif_->set_rules({rule}));
  EXPECT_EQ(arrives("if2", kMember2Mac), Verdict::Redirect);
  EXPECT_EQ(source(), mac(kMember1Mac)) << "the default, whatever its downlink does";
  EXPECT_EQ(arrives("if2", kMember2Mac), Verdict::Redirect) << "and no copy of what came before";
}

}  // namespace
}  // namespace flowmob::dataplane::testing
