// SPDX-License-Identifier: Apache-2.0
// Flows of a node some of whose gateways have not registered its IPv4 home address (RFC 5844 section 3.1.2).
#include "core/lma/anchor_fixture_for_test.h"

namespace flowmob::core {
namespace {

using testing::Contains;
using testing::SizeIs;

FlowTemplate flow_of(const char* name, const char* from, const char* to) {
  wire::TrafficSelector6 selector;
  if (*from != 0) selector.source = {Ipv6Address::parse(from).value(), Ipv6Address::parse(to).value()};
  selector.source_port = {443, 443};
  return {name, 0, selector, {}};
}

/// Each of mag1's, or of mag2's.
std::vector<Shared<FlowPolicy>> by_either() {
  FlowPolicy policy{"either", {}};
  policy.is_default = true;
  const auto add = [&](const char* name, const char* from, const char* to) {
    FlowRule rule;
    rule.policy = "either";
    rule.name = name;
    rule.prefer = {{"mag2", {}}};
    rule.position = static_cast<std::uint16_t>(policy.rules.size());
    rule.flow = flow_of(name, from, to);
    policy.rules.push_back(rule);
  };
  add("four", "::ffff:198.51.100.0", "::ffff:198.51.100.255");
  add("six", "2001:db8:c::", "2001:db8:c::ffff");
  add("any", "", "");
  return {policy};
}

class Ipv4Flows : public AnchorFixture {
 protected:
  Ipv4Flows() : AnchorFixture(with_pool()) {}

  static LmaConfig with_pool(bool with_rules = false) {
    auto c = test_config();
    c.ipv4_pools = {Ipv4Interface::parse("192.0.2.1/29").value()};
    if (with_rules) c.flow_policies = by_either();
    return c;
  }
  static Pbu with_ipv4(Pbu p) {
    p.more = {wire::Ipv4HomeAddressRequest{0, {}}};
    return p;
  }
  static Pbu again(Pbu p) {
    p.handoff = HI::NoChange;
    p.prefixes = {kOwn};
    return p;
  }
  /// mag1 registers both families, mag2 the prefixes alone.
  void first_alone_has_ipv4() {
    accepted(with_ipv4(first()));
    accepted(second());
    ASSERT_THAT(show("sessions"), SizeIs(2));
  }
  std::string move_to(const char* flow, const char* mag) {
    auto moved = lma->handle_command(now, "flow move", {{"flow", flow}, {"to", mag}});
    drain();
    return moved ? "" : moved.error().code;
  }
};

TEST_F(Ipv4Flows, TheDefaultFlowStaysWhereIpv4IsRegistered) {
  first_alone_has_ipv4();
  EXPECT_EQ(mag_of("*"), "mag1");
  EXPECT_EQ(move_to("*", "mag2"), "ipv4-stays");
  EXPECT_EQ(mag_of("*"), "mag1");
}

TEST_F(Ipv4Flows, ItMayMoveOnceTheOtherGatewayHasRegisteredItToo) {
  first_alone_has_ipv4();
  accepted(with_ipv4(again(second())));
  EXPECT_EQ(move_to("*", "mag2"), "");
  EXPECT_EQ(mag_of("*"), "mag2");
  accepted(again(second()));  // and has given it up again
  EXPECT_EQ(mag_of("*"), "mag1");
}

TEST_F(Ipv4Flows, WithoutAnotherLinkItGoesAllTheSame) {
  first_alone_has_ipv4();
  send(with_ipv4(leave(first())));
  EXPECT_EQ(mag_of("*"), "mag2") << "the prefixes are still the node's";
}

TEST_F(Ipv4Flows, RulesPreferNoLinkThatLosesTheFlowsPackets) {
  ASSERT_TRUE(lma->reconfigure(now, with_pool(true)));
  first_alone_has_ipv4();
  EXPECT_EQ(mag_of("six"), "mag2");
  EXPECT_EQ(mag_of("four"), "mag1");
  EXPECT_EQ(mag_of("any"), "mag1") << "some of it may be IPv4";
  const auto explained =
      lma->handle_command(now, "policy explain", {{"flow", "tcp,198.51.100.7,443,192.0.2.2,40000"}}).value();
  std::vector<std::string> reasons;
  for (const auto& link : explained.at("links")) reasons.push_back(link.at("why"));
  EXPECT_THAT(reasons, Contains("its gateway has not registered the IPv4 home address"));
  accepted(with_ipv4(again(second())));
  EXPECT_EQ(mag_of("four"), "mag2");
  EXPECT_EQ(mag_of("any"), "mag2");
}

TEST_F(Ipv4Flows, APersonMayMoveWhatIsOfIpv6AndNothingElse) {
  ASSERT_TRUE(lma->reconfigure(now, with_pool(true)));
  accepted(second());
  accepted(with_ipv4(first()));
  EXPECT_EQ(mag_of("four"), "mag1") << "where it was has not registered what there is now";
  EXPECT_EQ(move_to("four", "mag2"), "ipv4-stays");
  EXPECT_EQ(move_to("any", "mag2"), "ipv4-stays");
  EXPECT_EQ(move_to("six", "mag1"), "");
  EXPECT_EQ(move_to("six", "mag2"), "");
  EXPECT_EQ(mag_of("six"), "mag2");
}

}  // namespace
}  // namespace flowmob::core
