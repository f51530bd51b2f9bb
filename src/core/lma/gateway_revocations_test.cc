// SPDX-License-Identifier: Apache-2.0
#include "core/lma/anchor_fixture_for_test.h"

/// Revocations that a MAG asks an anchor for (RFC 5846 section 8.2).
namespace flowmob::core {
namespace {

using testing::Contains;
using testing::IsEmpty;
using RS = wire::RevocationStatus;
using Trigger = wire::RevocationTrigger;
using Acknowledgement = wire::BindingRevocationAcknowledgement;

LmaConfig permitting() {
  auto c = test_config();
  c.mags[0].global_revocation = true;
  return c;
}

wire::MobileNodeIdentifier id(std::string_view name) { return {1, to_bytes(name)}; }

class GatewayRevocationsTest : public AnchorFixture {
 protected:
  GatewayRevocationsTest() : AnchorFixture(permitting()) {}

  wire::BindingRevocationIndication indication(Trigger trigger, wire::MobilityOptions options) {
    wire::BindingRevocationIndication asked;
    asked.trigger = trigger;
    asked.sequence = ++number_;
    asked.proxy = true;
    asked.global = static_cast<unsigned>(trigger) >= 128;
    asked.options = std::move(options);
    return asked;
  }
  std::optional<Acknowledgement> answer_to(const wire::BindingRevocationIndication& asked,
                                           const Ipv6Address& source = kMag1) {
    clear();
    receive(asked, source);
    const auto all = sent<Acknowledgement>();
    EXPECT_LE(all.size(), 1U);
    if (all.empty()) return std::nullopt;
    EXPECT_EQ(all[0].first, source);
    return all[0].second;
  }
  std::optional<RS> status_of(Trigger trigger, wire::MobilityOptions options,
                              const Ipv6Address& source = kMag1) {
    const auto answer = answer_to(indication(trigger, std::move(options)), source);
    return answer ? std::optional(answer->status) : std::nullopt;
  }
  std::vector<std::string> states() {
    std::vector<std::string> all;
    for (const auto& row : show("sessions")) all.push_back(row["state"]);
    return all;
  }
  void attach_both() {
    accepted(first());
    accepted(second());
  }

 private:
  std::uint16_t number_ = 0;
};

TEST_F(GatewayRevocationsTest, AllOfAMagEndAtOnce) {
  attach_both();
  Pbu p = first();
  p.mn = "mn2";
  p.link_layer_id = kIf2;
  accepted(p);
  const auto answer = answer_to(indication(Trigger::PerPeerPolicy, {id("mag1")}));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, RS::Success);
  EXPECT_TRUE(answer->proxy && answer->global);
  EXPECT_THAT(states(), testing::ElementsAre("delete-wait", "active", "delete-wait"));
  EXPECT_EQ(mag_of("*"), "mag2");
  EXPECT_THAT(events(), Contains("binding-revoked"));
}

TEST_F(GatewayRevocationsTest, OnlyAPermittedMagMayEndAll) {
  attach_both();
  EXPECT_EQ(status_of(Trigger::PerPeerPolicy, {id("mag2")}, kMag2), RS::GlobalRevocationNotAuthorized);
  EXPECT_EQ(status_of(Trigger::PerPeerPolicy, {id("mag2")}), RS::GlobalRevocationNotAuthorized);
  EXPECT_EQ(status_of(Trigger::PerPeerPolicy, {id("mag1")}, kMag2), RS::GlobalRevocationNotAuthorized)
      << "another's name";
  EXPECT_EQ(status_of(Trigger::PerPeerPolicy, {}), RS::GlobalRevocationNotAuthorized);
  EXPECT_THAT(states(), testing::Each("active"));
}

TEST_F(GatewayRevocationsTest, ThePermissionIsConfigured) {
  attach_both();
  auto config = permitting();
  config.mags[0].global_revocation = false;
  ASSERT_TRUE(lma->reconfigure(now, config));
  EXPECT_EQ(status_of(Trigger::PerPeerPolicy, {id("mag1")}), RS::GlobalRevocationNotAuthorized);
}

TEST_F(GatewayRevocationsTest, TheCareOfAddressNamesItsOwnBindings) {
  attach_both();
  EXPECT_EQ(status_of(Trigger::PerPeerPolicy, {id("mag1"), wire::AlternateCareOfAddress{kMag2}}),
            RS::BindingDoesNotExist);
  EXPECT_THAT(states(), testing::Each("active"));
  EXPECT_EQ(status_of(Trigger::PerPeerPolicy, {id("mag1"), wire::AlternateCareOfAddress{kMag1}}),
            RS::Success);
  EXPECT_THAT(states(), testing::ElementsAre("delete-wait", "active"));
}

TEST_F(GatewayRevocationsTest, AllNeedsTheProxyFlag) {
  attach_both();
  auto asked = indication(Trigger::PerPeerPolicy, {id("mag1")});
  asked.proxy = false;
  EXPECT_EQ(answer_to(asked)->status, RS::FunctionNotSupported);
  asked = indication(Trigger::Administrative, {id("mn1")});
  asked.proxy = false;
  EXPECT_EQ(answer_to(asked)->status, RS::BindingDoesNotExist) << "ours are proxy bindings all";
  EXPECT_THAT(states(), testing::Each("active"));
}

TEST_F(GatewayRevocationsTest, ANodeIsNamedByItsIdentifier) {
  attach_both();
  EXPECT_EQ(status_of(Trigger::Administrative, {id("mn1")}), RS::Success);
  EXPECT_THAT(states(), testing::ElementsAre("delete-wait", "active"))
      << "what is at another MAG is not its own";
}

TEST_F(GatewayRevocationsTest, ANodeIsNamedByItsPrefix) {
  attach_both();
  const auto own = wire::HomeNetworkPrefixOption::of(kOwn);
  const auto other = wire::HomeNetworkPrefixOption::of(prefix("2001:db8:9::/64"));
  EXPECT_EQ(status_of(Trigger::Administrative, {id("mn1"), other}), RS::BindingDoesNotExist);
  EXPECT_THAT(states(), testing::Each("active"));
  const auto answer = answer_to(indication(Trigger::Administrative, {id("mn1"), own, other}));
  EXPECT_EQ(answer->status, RS::PartialSuccess);
  ASSERT_EQ(wire::find_all<wire::HomeNetworkPrefixOption>(answer->options).size(), 1U);
  EXPECT_EQ(wire::find<wire::HomeNetworkPrefixOption>(answer->options)->to_prefix(), other.to_prefix());
  EXPECT_TRUE(wire::find<wire::MobileNodeIdentifier>(answer->options));
  EXPECT_THAT(states(), testing::ElementsAre("delete-wait", "active"));
  EXPECT_EQ(status_of(Trigger::Administrative, {id("mn1"), own}, kMag2), RS::Success);
}

TEST_F(GatewayRevocationsTest, BindingsOfOneNodeAreToldApartByTheirPrefixes) {
  auto config = permitting();
  config.share_prefixes = false;
  lma = std::make_unique<LocalMobilityAnchor>(config);
  Pbu p = first();
  p.mn = "mn2";
  const auto one = prefixes_in(accepted(p));
  p.link_layer_id = kIf2;
  p.technology = ATT::Wimax;
  const auto two = prefixes_in(accepted(p));
  ASSERT_NE(one, two);
  EXPECT_EQ(status_of(Trigger::Administrative, {id("mn2"), wire::HomeNetworkPrefixOption::of(one[0])}),
            RS::Success);
  EXPECT_THAT(states(), testing::UnorderedElementsAre("delete-wait", "active"));
  EXPECT_EQ(status_of(Trigger::Administrative, {id("mn2"), wire::HomeNetworkPrefixOption::of(one[0]),
                                                wire::HomeNetworkPrefixOption::of(two[0])}),
            RS::Success);
  EXPECT_THAT(states(), testing::Each("delete-wait"));
}

TEST_F(GatewayRevocationsTest, WhatCannotBeDoneIsSaid) {
  attach_both();
  EXPECT_EQ(status_of(Trigger::Administrative, {}), RS::RevokedMobileNodesIdentityRequired);
  EXPECT_EQ(status_of(Trigger::Administrative, {id("nobody")}), RS::BindingDoesNotExist);
  EXPECT_EQ(status_of(Trigger{99}, {id("mn1")}), RS::TriggerNotSupported);
  EXPECT_EQ(status_of(Trigger::RevokingNodeLocalPolicy, {id("@example.com")}), RS::TriggerNotSupported)
      << "a MAG has no such policy";
  auto asked = indication(Trigger::Administrative, {id("mn1")});
  asked.global = true;
  EXPECT_EQ(answer_to(asked)->status, RS::FunctionNotSupported);
  asked = indication(Trigger::Administrative, {id("mn1")});
  asked.ipv4_only = true;
  EXPECT_EQ(answer_to(asked)->status, RS::Ipv4HomeAddressOptionRequired);
  EXPECT_THAT(states(), testing::Each("active"));
}

TEST_F(GatewayRevocationsTest, StrangersGetNoAnswer) {
  attach_both();
  EXPECT_EQ(status_of(Trigger::Administrative, {id("mn1")}, kStranger), std::nullopt);
  EXPECT_EQ(status_of(Trigger::Administrative, {id("mn1")}, address("ff02::1")), std::nullopt);
  EXPECT_THAT(states(), testing::Each("active"));
}

TEST_F(GatewayRevocationsTest, ARepetitionIsAnsweredAlike) {
  attach_both();
  const auto asked = indication(Trigger::PerPeerPolicy, {id("mag1")});
  EXPECT_EQ(answer_to(asked)->status, RS::Success);
  accepted(first());
  EXPECT_EQ(answer_to(asked)->status, RS::Success) << "its answer was lost";
  EXPECT_THAT(states(), testing::Each("active")) << "but what came since stays";
  send(leave(first()));
  advance(11s);
  timeout();
  EXPECT_EQ(answer_to(asked)->status, RS::BindingDoesNotExist) << "not for ever";
}

}  // namespace
}  // namespace flowmob::core
