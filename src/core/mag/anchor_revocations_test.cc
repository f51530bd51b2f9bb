// SPDX-License-Identifier: Apache-2.0
#include "core/mag/mag_fixture.h"

/// Revocations that an LMA asks a gateway for (RFC 5846 section 9.1), and the one that a gateway begins
/// (section 9.2).
namespace flowmob::core {
namespace {

using namespace std::chrono_literals;
using RS = wire::RevocationStatus;
using Trigger = wire::RevocationTrigger;
using Indication = wire::BindingRevocationIndication;
using Acknowledgement = wire::BindingRevocationAcknowledgement;

wire::MobileNodeIdentifier id(std::string_view name, std::uint8_t subtype = 1) {
  return {subtype, Bytes(name.begin(), name.end())};
}

class RevocationFixture : public MagFixture {
 protected:
  template <class Message>
  std::vector<Message> sent() const {
    std::vector<Message> found;
    for (const auto& one : messages) {
      EXPECT_EQ(one.source, kMag);
      const auto decoded = wire::decode(one.mobility_header, one.source, one.destination);
      if (const auto* match = std::get_if<Message>(&*decoded)) found.push_back(*match);
    }
    return found;
  }
  void register_whole(const MacAddress& node = kNode, const Ipv6Address& source = kNodeAddress) {
    solicit(node, source);
    while (!updates.empty()) {
      updates.clear();
      accept();
    }
    clear();
  }
  std::string state(std::size_t n = 0) const {
    const auto all = bindings();
    return all.size() <= n ? "none" : all[n]["state"].get<std::string>();
  }
};

class AnchorRevocationsTest : public RevocationFixture {
 protected:
  Indication indication(Trigger trigger, wire::MobilityOptions options) {
    Indication asked;
    asked.trigger = trigger;
    asked.sequence = ++number_;
    asked.proxy = true;
    asked.global = static_cast<unsigned>(trigger) >= 128;
    asked.options = std::move(options);
    return asked;
  }
  std::optional<Acknowledgement> answer_now(const Indication& asked) {
    clear();
    deliver(asked);
    const auto all = sent<Acknowledgement>();
    EXPECT_LE(all.size(), 1U);
    if (all.empty()) return std::nullopt;
    EXPECT_EQ(all[0].sequence, asked.sequence);
    EXPECT_EQ(all[0].proxy, asked.proxy);
    EXPECT_EQ(all[0].global, asked.global);
    EXPECT_EQ(all[0].ipv4_only, asked.ipv4_only);
    return all[0];
  }
  std::optional<RS> status_of(Trigger trigger, wire::MobilityOptions options) {
    const auto answer = answer_now(indication(trigger, std::move(options)));
    return answer ? std::optional(answer->status) : std::nullopt;
  }
  wire::HomeNetworkPrefixOption own() const { return wire::HomeNetworkPrefixOption::of(kHomePrefix); }
  const wire::MobileNodeIdentifier mn1 = id("mn1@example.com");

 private:
  std::uint16_t number_ = 0;
};

TEST_F(AnchorRevocationsTest, TheNodeLosesItsService) {
  register_whole();
  EXPECT_EQ(status_of(Trigger::Administrative, {mn1, own()}), RS::Success);
  EXPECT_EQ(state(), "none");
  EXPECT_EQ(removed_hosts.size(), 1U);
  EXPECT_EQ(forgotten.size(), 1U);
  EXPECT_EQ(tunnels, 0);
  ASSERT_EQ(advertisements.size(), 1U);
  const auto last = decode(advertisements[0]);
  EXPECT_EQ(last.router_lifetime, 0U) << "its router is gone, and its prefix";
  EXPECT_TRUE(updates.empty()) << "the LMA knows";
  EXPECT_EQ(last_notice("node-detached")["why"], "revoked");
  clear();
  advance(1h);
  EXPECT_EQ(advertisements.size(), 2U) << "it may not have heard the first";
  EXPECT_TRUE(updates.empty());
}

TEST_F(AnchorRevocationsTest, WhoWasSentAwayComesBackByOrderOnly) {
  for (const auto trigger :
       {Trigger::Administrative, Trigger::UserInitiatedTermination, Trigger::AccessNetworkTermination}) {
    register_whole();
    ASSERT_EQ(status_of(trigger, {mn1}), RS::Success);
    clear();
    solicit();
    EXPECT_TRUE(updates.empty()) << wire::to_string(trigger);
    ASSERT_TRUE(command("attach", {{"access", "wlan"}, {"mac", kNode.to_string()}}));
    EXPECT_EQ(updates.size(), 1U);
    accept();
    clear();
    advance(5s);
  }
}

TEST_F(AnchorRevocationsTest, WhoIsOutOfStepRegistersAnew) {
  register_whole();
  EXPECT_EQ(status_of(Trigger::PossibleOutOfSync, {mn1, own()}), RS::Success);
  ASSERT_EQ(updates.size(), 1U);
  EXPECT_TRUE(option<wire::HomeNetworkPrefixOption>(updates[0]).is_all_zero());
  EXPECT_EQ(state(), "registering");
}

TEST_F(AnchorRevocationsTest, OnlyWhatIsNamedGoes) {
  register_whole();
  register_whole(kSecondNode, address("fe80::ff:fe00:11"));
  ASSERT_EQ(bindings().size(), 2U);
  EXPECT_EQ(status_of(Trigger::Administrative, {id("mn3@example.com")}), RS::BindingDoesNotExist);
  EXPECT_EQ(
      status_of(Trigger::Administrative, {mn1, wire::HomeNetworkPrefixOption::of(prefix("2001:db8:9::/64"))}),
      RS::BindingDoesNotExist);
  EXPECT_EQ(status_of(Trigger::Administrative, {mn1, wire::AlternateCareOfAddress{address("2001:db8:b::1")}}),
            RS::BindingDoesNotExist);
  ASSERT_EQ(bindings().size(), 2U);
  EXPECT_EQ(status_of(Trigger::Administrative, {mn1, wire::AlternateCareOfAddress{kMag}}), RS::Success);
  EXPECT_EQ(only_binding()["mn"], "mn2@example.com");
}

TEST_F(AnchorRevocationsTest, PrefixesThatWereReleasedBeforeAreTold) {
  register_whole();
  const auto gone = wire::HomeNetworkPrefixOption::of(prefix("2001:db8:9::/64"));
  const auto answer = answer_now(indication(Trigger::Administrative, {mn1, gone, own()}));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, RS::PartialSuccess);
  ASSERT_TRUE(wire::find<wire::HomeNetworkPrefixOption>(answer->options));
  EXPECT_EQ(*wire::find<wire::HomeNetworkPrefixOption>(answer->options), gone);
  EXPECT_TRUE(wire::find<wire::MobileNodeIdentifier>(answer->options));
  EXPECT_EQ(state(), "none");
}

TEST_F(AnchorRevocationsTest, WhatCannotBeDoneIsSaid) {
  register_whole();
  EXPECT_EQ(status_of(Trigger::Administrative, {own()}), RS::RevokedMobileNodesIdentityRequired);
  EXPECT_EQ(status_of(Trigger::Administrative, {id("mn1@example.com", 2)}),
            RS::RevokedMobileNodesIdentityRequired);
  EXPECT_EQ(status_of(Trigger{99}, {mn1}), RS::TriggerNotSupported);
  auto asked = indication(Trigger::Administrative, {mn1});
  asked.global = true;
  EXPECT_EQ(answer_now(asked)->status, RS::FunctionNotSupported);
  asked = indication(Trigger::PerPeerPolicy, {});
  asked.global = false;
  EXPECT_EQ(answer_now(asked)->status, RS::FunctionNotSupported);
  asked = indication(Trigger::Administrative, {mn1});
  asked.proxy = false;
  EXPECT_EQ(answer_now(asked)->status, RS::BindingDoesNotExist);
  EXPECT_EQ(state(), "registered");
  EXPECT_EQ(counter("revocation", "indications_received"), 6U);
}

TEST_F(AnchorRevocationsTest, AllOfTheLmaGo) {
  register_whole();
  register_whole(kSecondNode, address("fe80::ff:fe00:11"));
  EXPECT_EQ(status_of(Trigger::PerPeerPolicy, {mn1}), RS::FunctionNotSupported) << "no option may be there";
  auto asked = indication(Trigger::PerPeerPolicy, {});
  asked.proxy = false;
  EXPECT_EQ(answer_now(asked)->status, RS::FunctionNotSupported);
  EXPECT_EQ(bindings().size(), 2U);
  EXPECT_EQ(status_of(Trigger::PerPeerPolicy, {wire::UnknownOption{200, {1}}}), RS::Success);
  EXPECT_EQ(bindings().size(), 0U);
  EXPECT_EQ(tunnels, 0);
  EXPECT_EQ(status_of(Trigger::PerPeerPolicy, {}), RS::BindingDoesNotExist);
}

TEST_F(AnchorRevocationsTest, ARegistrationThatCrossesItIsTakenBack) {
  for (const auto& [trigger, options] : std::vector<std::pair<Trigger, wire::MobilityOptions>>{
           {Trigger::PerPeerPolicy, {}}, {Trigger::Administrative, {mn1}}}) {
    start(default_config());
    solicit();
    ASSERT_EQ(updates.size(), 1U);
    EXPECT_EQ(status_of(trigger, options), RS::Success);
    ASSERT_EQ(updates.size(), 1U) << "it may reach the LMA behind the indication";
    EXPECT_EQ(updates[0].lifetime, 0U);
    EXPECT_EQ(state(), "none");
    accept();
    clear();
    advance(1h);
    EXPECT_TRUE(messages.empty());
  }
}

TEST_F(AnchorRevocationsTest, ARealmGoes) {
  register_whole();
  for (const auto* none : {"@foo.example.com", "@com", "example.com", "mn1@example.com"})
    EXPECT_EQ(status_of(Trigger::RevokingNodeLocalPolicy, {id(none)}), RS::RevokedMobileNodesIdentityRequired)
        << none;
  EXPECT_EQ(status_of(Trigger::RevokingNodeLocalPolicy, {}), RS::RevokedMobileNodesIdentityRequired);
  EXPECT_EQ(status_of(Trigger::RevokingNodeLocalPolicy,
                      {id("@example.com"), wire::AlternateCareOfAddress{address("2001:db8:b::1")}}),
            RS::RevokedMobileNodesIdentityRequired);
  auto asked = indication(Trigger::RevokingNodeLocalPolicy, {id("@example.com")});
  asked.proxy = false;
  EXPECT_EQ(answer_now(asked)->status, RS::FunctionNotSupported);
  EXPECT_EQ(state(), "registered");
  EXPECT_EQ(status_of(Trigger::RevokingNodeLocalPolicy, {id("@example.com")}), RS::Success);
  EXPECT_EQ(state(), "none");
}

TEST_F(AnchorRevocationsTest, StrangersGetNoAnswer) {
  register_whole();
  for (const auto* source : {"2001:db8:bad::1", "ff02::1", "::"})
    deliver(indication(Trigger::Administrative, {mn1}), address(source));
  EXPECT_TRUE(sent<Acknowledgement>().empty());
  EXPECT_EQ(state(), "registered");
}

TEST_F(AnchorRevocationsTest, ARepetitionIsAnsweredAlike) {
  register_whole();
  const auto asked = indication(Trigger::Administrative, {mn1, own()});
  EXPECT_EQ(answer_now(asked)->status, RS::Success);
  EXPECT_EQ(answer_now(asked)->status, RS::Success);
}

TEST_F(AnchorRevocationsTest, ANodeThatAnswersIsStillThere) {
  for (const auto trigger : {Trigger::InterMagHandoverSameAccess, Trigger::InterMagHandoverDifferentAccess,
                             Trigger::InterMagHandoverUnknown}) {
    register_whole();
    EXPECT_EQ(status_of(trigger, {mn1, own()}), std::nullopt) << "the node is asked first";
    ASSERT_EQ(probes.size(), 1U);
    const auto& question = probes[0];
    EXPECT_EQ(question.link_destination, kNode);
    EXPECT_EQ(question.destination, kNodeAddress);
    EXPECT_TRUE(std::holds_alternative<wire::NeighborSolicitation>(
        wire::decode_nd(question.icmpv6, question.source, question.destination).value()));
    advance(100ms);
    neighbor_solicit(kNode, kNodeAddress);
    ASSERT_EQ(sent<Acknowledgement>().size(), 1U);
    EXPECT_EQ(sent<Acknowledgement>()[0].status, RS::MobileNodeIsAttached);
    EXPECT_EQ(state(), "registered");
    EXPECT_TRUE(removed_hosts.empty());
  }
}

TEST_F(AnchorRevocationsTest, ANodeThatIsSilentHasGone) {
  register_whole();
  EXPECT_EQ(status_of(Trigger::InterMagHandoverUnknown, {mn1, own()}), std::nullopt);
  advance(399ms);
  EXPECT_TRUE(sent<Acknowledgement>().empty());
  advance(1ms);
  ASSERT_EQ(sent<Acknowledgement>().size(), 1U);
  EXPECT_EQ(sent<Acknowledgement>()[0].status, RS::Success);
  EXPECT_EQ(state(), "none");
  clear();
  advance(1s);
  solicit();
  EXPECT_EQ(updates.size(), 1U) << "should it come back, it is welcome";
}

TEST_F(AnchorRevocationsTest, ALinkThatGoesMeanwhileSaysSo) {
  register_whole();
  EXPECT_EQ(status_of(Trigger::InterMagHandoverUnknown, {mn1, own()}), std::nullopt);
  link(false, kWlan);
  ASSERT_EQ(sent<Acknowledgement>().size(), 1U);
  EXPECT_EQ(sent<Acknowledgement>()[0].status, RS::Success);
}

TEST_F(AnchorRevocationsTest, ARepetitionWhileTheNodeIsAskedWaitsToo) {
  register_whole();
  const auto asked = indication(Trigger::InterMagHandoverUnknown, {mn1, own()});
  EXPECT_EQ(answer_now(asked), std::nullopt);
  EXPECT_EQ(answer_now(asked), std::nullopt);
  advance(400ms);
  EXPECT_EQ(sent<Acknowledgement>().size(), 1U);
}

TEST_F(AnchorRevocationsTest, ALinkOfOneNodeAnswersForIt) {
  auto config = default_config();
  config.accesses[0].attach_on_carrier = true;
  config.mobile_nodes[0].access = "wlan";
  start(config);
  link(true, kWlan);
  register_whole();
  EXPECT_EQ(status_of(Trigger::InterMagHandoverUnknown, {mn1, own()}), RS::MobileNodeIsAttached);
  EXPECT_EQ(state(), "registered");
}

class BulkRevocationTest : public RevocationFixture {
 protected:
  BulkRevocationTest() {
    auto config = default_config();
    config.name = "mag1";
    start(config);
    register_whole();
    register_whole(kSecondNode, address("fe80::ff:fe00:11"));
  }
  void acknowledge(RS status) {
    const auto asked = sent<Indication>();
    ASSERT_FALSE(asked.empty());
    clear();
    deliver(Acknowledgement{status, asked.back().sequence, true, false, true, {}});
  }
  void shut_down() { ASSERT_TRUE(command("session revoke", Json::object())); }
  void start_with_probes() {
    auto config = default_config();
    config.name = "mag1";
    config.neighbor_probe_interval = 30s;
    config.neighbor_probes = 1;
    start(config);
    register_whole();
  }
};

TEST_F(BulkRevocationTest, AllEndWithOneMessage) {
  shut_down();
  ASSERT_EQ(sent<Indication>().size(), 1U);
  const auto asked = sent<Indication>()[0];
  EXPECT_TRUE(asked.proxy && asked.global);
  EXPECT_EQ(asked.trigger, Trigger::PerPeerPolicy);
  ASSERT_TRUE(wire::find<wire::MobileNodeIdentifier>(asked.options));
  EXPECT_EQ(*wire::find<wire::MobileNodeIdentifier>(asked.options), id("mag1")) << "our own identity";
  EXPECT_EQ(wire::find<wire::AlternateCareOfAddress>(asked.options), nullptr);
  EXPECT_TRUE(updates.empty());
  EXPECT_EQ(removed_hosts.size(), 2U);
  EXPECT_EQ(tunnels, 0);
  for (const auto& advertisement : advertisements) EXPECT_EQ(decode(advertisement).router_lifetime, 0U);
  EXPECT_EQ(advertisements.size(), 2U);
  EXPECT_EQ(bindings().size(), 0U);
  acknowledge(RS::Success);
  EXPECT_EQ(notified("revocation-accepted"), 1U);
  advance(1h);
  EXPECT_TRUE(messages.empty());
  EXPECT_EQ(command("session revoke", Json::object()).error().code, "no-session");
}

TEST_F(BulkRevocationTest, WithoutPermissionEachIsDeregistered) {
  shut_down();
  acknowledge(RS::GlobalRevocationNotAuthorized);
  EXPECT_EQ(notified("revocation-refused"), 1U);
  ASSERT_EQ(updates.size(), 2U);
  for (const auto& update : updates) EXPECT_EQ(update.lifetime, 0U);
  advance(1min);
  clear();
  ASSERT_TRUE(command("attach", {{"access", "wlan"}, {"mac", kNode.to_string()}}));
  accept();
  clear();
  shut_down();
  EXPECT_TRUE(sent<Indication>().empty()) << "not asked for again";
  ASSERT_EQ(updates.size(), 1U);
  EXPECT_EQ(updates[0].lifetime, 0U);
}

TEST_F(BulkRevocationTest, SilenceIsAskedOnceMoreAndThenEachIsDeregistered) {
  shut_down();
  const auto first = messages.at(0).mobility_header;
  clear();
  advance(1s);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].mobility_header, first);
  clear();
  advance(2s);
  EXPECT_EQ(notified("revocation-unanswered"), 1U);
  EXPECT_EQ(updates.size(), 2U);
}

TEST_F(BulkRevocationTest, AnLmaWithoutRevocationHearsOfEach) {
  shut_down();
  clear();
  deliver(wire::BindingError{wire::BindingErrorStatus::UnrecognizedMhType, {}, {}});
  EXPECT_EQ(updates.size(), 2U);
}

TEST_F(BulkRevocationTest, ANodeThatIsBackBeforeTheAnswerStays) {
  shut_down();
  const auto asked = sent<Indication>().at(0);
  ASSERT_TRUE(command("attach", {{"access", "wlan"}, {"mac", kNode.to_string()}}));
  accept();
  deliver(Acknowledgement{RS::Success, asked.sequence, true, false, true, {}});
  EXPECT_EQ(only_binding()["mn"], "mn1@example.com");
  EXPECT_EQ(only_binding()["state"], "registered");
}

TEST_F(BulkRevocationTest, WhatIsSaidAgainWouldEndWhoHasComeSince) {
  shut_down();
  ASSERT_TRUE(command("attach", {{"access", "wlan"}, {"mac", kNode.to_string()}}));
  accept();
  clear();
  advance(1s);
  EXPECT_TRUE(sent<Indication>().empty());
  EXPECT_EQ(notified("revocation-unanswered"), 1U);
  ASSERT_EQ(updates.size(), 1U) << "the other is de-registered by itself";
  EXPECT_EQ(updates[0].lifetime, 0U);
  EXPECT_EQ(option<wire::MnLinkLayerIdentifier>(updates[0]).identifier.back(), kSecondNode.octets.back());
  EXPECT_EQ(only_binding()["state"], "registered");
}

TEST_F(BulkRevocationTest, TheLmaIsToldFirstAndTheRecordsWaitForIt) {
  shut_down();
  ASSERT_FALSE(order.empty());
  EXPECT_EQ(order.front(), "message");
  EXPECT_EQ(removed_hosts.size(), 2U);
  EXPECT_TRUE(forgotten.empty()) << "a successor has to know what the LMA may believe";
  acknowledge(RS::Success);
  EXPECT_EQ(forgotten.size(), 2U);
}

TEST_F(BulkRevocationTest, ProbesThatHadBegunUndoNothing) {
  start_with_probes();
  advance(30s);
  ASSERT_EQ(probes.size(), 1U);
  clear();
  shut_down();
  advance(2s);
  EXPECT_TRUE(updates.empty()) << "the LMA has been told";
  EXPECT_EQ(notified("node-detached"), 1U) << "once";
  acknowledge(RS::Success);
  neighbor_solicit(kNode, kNodeAddress);
  EXPECT_TRUE(updates.empty());
  EXPECT_EQ(bindings().size(), 0U);
}

TEST_F(BulkRevocationTest, WhoHadFallenSilentIsSentAwayAsWell) {
  start_with_probes();
  advance(31s);
  ASSERT_EQ(last_notice("node-detached")["why"], "silent");
  clear();
  shut_down();
  acknowledge(RS::Success);
  neighbor_solicit(kNode, kNodeAddress);
  EXPECT_TRUE(updates.empty());
  EXPECT_EQ(bindings().size(), 0U);
}

TEST_F(BulkRevocationTest, AnAcknowledgementHasToMatch) {
  shut_down();
  const auto asked = sent<Indication>().at(0);
  deliver(
      Acknowledgement{RS::Success, static_cast<std::uint16_t>(asked.sequence + 1), true, false, true, {}});
  EXPECT_EQ(counter("drops", "unmatched-acknowledgement"), 1U);
  EXPECT_EQ(notified("revocation-accepted"), 0U);
}

}  // namespace
}  // namespace flowmob::core
