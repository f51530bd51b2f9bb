// SPDX-License-Identifier: Apache-2.0
// IPv4 home addresses (RFC 5844 section 3.1).
#include <nlohmann/json.hpp>

#include "core/lma/anchor_fixture_for_test.h"

namespace flowmob::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using wire::Ipv4HomeAddressStatus;

Ipv4Address ip(const char* text) { return Ipv4Address::parse(text).value(); }

LmaConfig with_ipv4() {
  auto c = test_config();
  c.ipv4_pools = {Ipv4Interface::parse("192.0.2.1/29").value()};
  c.mobile_nodes[0].ipv4_address = ip("192.0.2.5");  // mn1
  c.mobile_nodes[2].ip_versions = IpVersions::Ipv6;  // mn3
  auto only = c.mobile_nodes[1];
  only.mn_id = "only-ipv4";
  only.ip_versions = IpVersions::Ipv4;
  c.mobile_nodes.push_back(only);
  return c;
}

class Ipv4Anchor : public AnchorFixture {
 protected:
  explicit Ipv4Anchor(LmaConfig config = with_ipv4()) : AnchorFixture(std::move(config)) {}

  /// Both families, any address of each.
  static Pbu both(const char* mn, const char* ipv4 = "0.0.0.0", std::uint8_t length = 0) {
    Pbu p;
    p.mn = mn;
    p.more = {wire::Ipv4HomeAddressRequest{length, ip(ipv4)}};
    return p;
  }
  static Pbu ipv4_alone(const char* mn, const char* ipv4 = "0.0.0.0", std::uint8_t length = 0) {
    Pbu p = both(mn, ipv4, length);
    p.any_prefix = false;
    return p;
  }
  static Pbu of_mag2(Pbu p) {
    p.source = kMag2;
    p.handoff = HI::HandoffBetweenMags;
    return p;
  }
  static Pbu leaving(Pbu p) {
    p.lifetime = 0;
    p.handoff = HI::Unknown;
    return p;
  }

  template <class Option>
  static const Option* option(const std::optional<wire::ProxyBindingAcknowledgement>& pba) {
    return pba ? wire::find<Option>(pba->options) : nullptr;
  }
  using Reply = wire::Ipv4HomeAddressReply;
  /// The address that a request brings, with its length and router; empty without a Reply or a router.
  std::string assigned(const Pbu& p) {
    const auto pba = std::optional(accepted(p));
    const auto* reply = option<Reply>(pba);
    const auto* router = option<wire::Ipv4DefaultRouter>(pba);
    if (!reply || !router) return {};
    EXPECT_EQ(reply->status, Ipv4HomeAddressStatus::Success);
    return Ipv4Interface{reply->address, reply->prefix_length}.to_string() + " " +
           router->address.to_string();
  }
  /// What a refused request's Reply says.
  std::optional<Reply> refusal(const Pbu& p, Status expected) {
    const auto pba = ask(p);
    EXPECT_TRUE(pba);
    if (!pba) return std::nullopt;
    EXPECT_EQ(pba->status, expected) << wire::to_string(pba->status);
    EXPECT_EQ(option<wire::Ipv4DefaultRouter>(pba), nullptr);
    const auto* reply = option<Reply>(pba);
    return reply ? std::optional(*reply) : std::nullopt;
  }
  Json session_of(const char* mn) { return show("sessions", {{"mn", mn}}).at(0); }
  Json prefixes_of(const char* mn) { return show("bindings", {{"mn", mn}}).at(0).at("prefixes"); }
  Json ipv4_of(const char* mn) { return show("bindings", {{"mn", mn}}).at(0).at("ipv4_address"); }
};

TEST_F(Ipv4Anchor, AddressFromThePoolWithItsSubnetAndRouter) {
  EXPECT_EQ(assigned(both("mn2")), "192.0.2.2/29 192.0.2.1");
  EXPECT_EQ(ipv4_of("mn2"), "192.0.2.2/29");
}

TEST_F(Ipv4Anchor, AddressOfTheProfile) { EXPECT_EQ(assigned(both("mn1")), "192.0.2.5/29 192.0.2.1"); }

TEST_F(Ipv4Anchor, AddressAskedForAndItsLengthIsThatOfTheHomeSubnet) {
  EXPECT_EQ(assigned(both("mn2", "192.0.2.6", 24)), "192.0.2.6/29 192.0.2.1");
}

TEST_F(Ipv4Anchor, AnswersIpv4OnlyWhereItIsAskedFor) {
  const auto pba = std::optional(accepted(first()));
  EXPECT_EQ(option<Reply>(pba), nullptr);
  EXPECT_EQ(option<wire::Ipv4DefaultRouter>(pba), nullptr);
  EXPECT_TRUE(ipv4_of("mn1").is_null());
}

TEST_F(Ipv4Anchor, MagsServeDhcp) {
  const auto pba = std::optional(accepted(both("mn2")));
  ASSERT_NE(option<wire::Ipv4DhcpSupportMode>(pba), nullptr);
  EXPECT_TRUE(option<wire::Ipv4DhcpSupportMode>(pba)->server);
}

TEST_F(Ipv4Anchor, Ipv4AloneNeedsNoPrefixAndIsAnsweredWithNone) {
  const auto pba = std::optional(accepted(ipv4_alone("only-ipv4")));
  EXPECT_NE(option<Reply>(pba), nullptr);
  EXPECT_THAT(prefixes_in(*pba), IsEmpty());
  EXPECT_THAT(wire::find_all<wire::HomeNetworkPrefixOption>(pba->options), IsEmpty());
  EXPECT_EQ(show("bindings", {{"mn", "only-ipv4"}}).at(0).at("address"), "192.0.2.2/29");
}

TEST_F(Ipv4Anchor, NeitherFamilyIsMissingAPrefix) {
  Pbu p;
  p.any_prefix = false;
  EXPECT_EQ(status(p), Status::MissingHomeNetworkPrefixOption);
}

TEST_F(Ipv4Anchor, OneEntryHoldsBothFamilies) {
  accepted(both("mn2"));
  ASSERT_THAT(show("sessions"), SizeIs(1));
  EXPECT_EQ(session_of("mn2").at("ipv4_address"), "192.0.2.2/29");
  EXPECT_THAT(session_of("mn2").at("prefixes"), SizeIs(1));
}

TEST_F(Ipv4Anchor, RefusesIpv4WithoutEntitlement) {
  const auto reply = refusal(both("mn3"), Status::NotAuthorizedForIpv4MobilityService);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, Ipv4HomeAddressStatus::AdministrativelyProhibited);
  EXPECT_THAT(show("bindings"), IsEmpty());
}

TEST_F(Ipv4Anchor, RefusesIpv6WithoutEntitlement) {
  EXPECT_EQ(status(both("only-ipv4")), Status::NotAuthorizedForIpv6MobilityService);
}

TEST_F(Ipv4Anchor, RefusesTwoRequests) {
  Pbu p = both("mn2", "192.0.2.3", 29);
  p.more.emplace_back(wire::Ipv4HomeAddressRequest{29, ip("192.0.2.4")});
  const auto pba = ask(p);
  ASSERT_TRUE(pba);
  EXPECT_EQ(pba->status, Status::MultipleIpv4HomeAddressAssignmentNotSupported);
  EXPECT_THAT(wire::find_all<Reply>(pba->options), SizeIs(2));
}

TEST_F(Ipv4Anchor, RefusesForeignAddressesAndSaysWhich) {
  for (const char* foreign : {"198.51.100.1", "192.0.2.1", "192.0.2.7", "192.0.2.5"}) {
    const auto reply = refusal(both("mn2", foreign, 25), Status::NotAuthorizedForIpv4HomeAddress);
    ASSERT_TRUE(reply) << foreign;
    EXPECT_EQ(reply->status, Ipv4HomeAddressStatus::AdministrativelyProhibited);
    EXPECT_EQ(reply->address, ip(foreign));
    EXPECT_EQ(reply->prefix_length, 25);
  }
}

TEST_F(Ipv4Anchor, RefusesAnotherNodesAddress) {
  accepted(both("mn2", "192.0.2.3"));
  Pbu p = both("mn3", "192.0.2.3");
  p.mn = "known-mac";
  EXPECT_TRUE(refusal(p, Status::NotAuthorizedForIpv4HomeAddress));
  EXPECT_EQ(ipv4_of("mn2"), "192.0.2.3/29");
}

class ExhaustedAnchor : public Ipv4Anchor {
 protected:
  ExhaustedAnchor() : Ipv4Anchor(small()) {}
  static LmaConfig small() {
    auto c = with_ipv4();
    c.ipv4_pools = {Ipv4Interface::parse("192.0.2.1/30").value()};
    c.mobile_nodes[0].ipv4_address.reset();
    return c;
  }
};

TEST_F(ExhaustedAnchor, RefusesWhenThePoolIsEmptyAndKeepsNothing) {
  accepted(both("mn2"));
  const auto reply = refusal(both("mn1"), Status::InsufficientResources);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, Ipv4HomeAddressStatus::ReasonUnspecified);
  EXPECT_EQ(reply->address, Ipv4Address{});
  EXPECT_THAT(show("bindings", {{"mn", "mn1"}}), IsEmpty());
  accepted(first());  // its prefix is free
}

TEST_F(ExhaustedAnchor, WhatIsReleasedIsFreeAgain) {
  accepted(both("mn2"));
  accepted(of_mag2(both("mn2", "192.0.2.2")));
  Pbu ipv6 = first();
  ipv6.mn = "mn2";
  accepted(of_mag2(ipv6));  // without IPv4
  EXPECT_EQ(assigned(both("mn1")), "192.0.2.2/30 192.0.2.1");
}

TEST_F(ExhaustedAnchor, AFailedRegistrationKeepsNoAddress) {
  fails = [](const LmaAction& a) { return std::holds_alternative<InstallSession>(a); };
  EXPECT_EQ(status(both("mn2")), Status::InsufficientResources);
  fails = [](const LmaAction&) { return false; };
  EXPECT_EQ(assigned(both("mn1")), "192.0.2.2/30 192.0.2.1");
}

TEST_F(Ipv4Anchor, NoPoolsNoIpv4) {
  ASSERT_TRUE(lma->reconfigure(now, test_config()));
  EXPECT_TRUE(refusal(both("mn2"), Status::NotAuthorizedForIpv4MobilityService));
}

TEST_F(Ipv4Anchor, ExtensionKeepsTheAddress) {
  accepted(both("mn2"));
  Pbu again = both("mn2", "192.0.2.2", 29);
  again.handoff = HI::NoChange;
  again.prefixes = {prefix("2001:db8:100::/64")};
  EXPECT_EQ(assigned(again), "192.0.2.2/29 192.0.2.1");
  ASSERT_THAT(show("sessions"), SizeIs(1));
}

TEST_F(Ipv4Anchor, ExtensionWithAnotherAddressIsRefused) {
  accepted(both("mn2"));
  Pbu again = both("mn2", "192.0.2.6", 29);
  again.prefixes = {prefix("2001:db8:100::/64")};
  EXPECT_TRUE(refusal(again, Status::NotAuthorizedForIpv4HomeAddress));
  EXPECT_EQ(ipv4_of("mn2"), "192.0.2.2/29");
}

TEST_F(Ipv4Anchor, IsAddedToASessionOfIpv6) {
  Pbu ipv6;
  ipv6.mn = "mn2";
  accepted(ipv6);
  EXPECT_EQ(assigned(both("mn2")), "192.0.2.2/29 192.0.2.1");
  ASSERT_THAT(show("sessions"), SizeIs(1));
  EXPECT_THAT(prefixes_of("mn2"), SizeIs(1));
}

TEST_F(Ipv4Anchor, FindsTheEntryByTheAddress) {
  accepted(ipv4_alone("only-ipv4"));
  Pbu again = of_mag2(ipv4_alone("only-ipv4", "192.0.2.2", 29));
  again.handoff = HI::HandoffBetweenInterfaces;
  again.link_layer_id = kIf2;
  again.technology = ATT::Wimax;
  EXPECT_EQ(assigned(again), "192.0.2.2/29 192.0.2.1");
  ASSERT_THAT(show("sessions"), SizeIs(1));
  EXPECT_EQ(session_of("only-ipv4").at("mag"), "mag2");
}

TEST_F(Ipv4Anchor, HandoffTakesTheAddressAlong) {
  accepted(both("mn2"));
  clear();
  EXPECT_EQ(assigned(of_mag2(both("mn2"))), "192.0.2.2/29 192.0.2.1");
  const auto installed = all<InstallSession>();
  ASSERT_THAT(installed, SizeIs(1));
  EXPECT_EQ(installed[0].mag, kMag2);
  EXPECT_EQ(installed[0].ipv4, ip("192.0.2.2"));
  const auto removed = all<RemoveSession>();
  ASSERT_THAT(removed, SizeIs(1));
  EXPECT_EQ(removed[0].mag, kMag1);
  EXPECT_EQ(removed[0].ipv4, ip("192.0.2.2"));
  ASSERT_THAT(all<EnsureIpv4Route>(), SizeIs(1));
  EXPECT_EQ(all<EnsureIpv4Route>()[0].via_mag, kMag2);
}

TEST_F(Ipv4Anchor, HandoffWithoutPrefixesReleasesThem) {
  accepted(both("mn2"));
  accepted(of_mag2(ipv4_alone("mn2", "192.0.2.2", 29)));
  EXPECT_THAT(prefixes_of("mn2"), IsEmpty());
  EXPECT_EQ(ipv4_of("mn2"), "192.0.2.2/29");
  EXPECT_THAT(all<RemoveRoute>(), SizeIs(1));
}

TEST_F(Ipv4Anchor, HandoffWithoutIpv4ReleasesIt) {
  accepted(both("mn2"));
  Pbu ipv6;
  ipv6.mn = "mn2";
  accepted(of_mag2(ipv6));
  EXPECT_TRUE(ipv4_of("mn2").is_null());
  EXPECT_THAT(all<RemoveIpv4Route>(), SizeIs(1));
}

TEST_F(Ipv4Anchor, RowsAreForBothFamilies) {
  accepted(both("mn2"));
  ASSERT_THAT(all<InstallNode>(), SizeIs(1));
  EXPECT_EQ(all<InstallNode>()[0].ipv4, ip("192.0.2.2"));
  EXPECT_THAT(all<InstallNode>()[0].prefixes, SizeIs(1));
  ASSERT_THAT(all<InstallSession>(), SizeIs(1));
  EXPECT_EQ(all<InstallSession>()[0].ipv4, ip("192.0.2.2"));
  EXPECT_THAT(all<EnsureTunnel>(), SizeIs(1));
  ASSERT_THAT(all<EnsureIpv4Route>(), SizeIs(1));
  EXPECT_EQ(all<EnsureIpv4Route>()[0].mtu, 1460);
}

TEST_F(Ipv4Anchor, SelectiveDeregistrationOfIpv4KeepsThePrefixes) {
  accepted(both("mn2"));
  clear();
  send(leaving(ipv4_alone("mn2", "192.0.2.2", 29)));
  const auto pba = acknowledgement();
  ASSERT_TRUE(pba);
  EXPECT_EQ(pba->status, Status::Accepted);
  ASSERT_NE(option<Reply>(pba), nullptr);
  EXPECT_EQ(option<Reply>(pba)->address, ip("192.0.2.2"));
  EXPECT_THAT(prefixes_in(*pba), IsEmpty());
  EXPECT_EQ(session_of("mn2").at("state"), "active");
  EXPECT_TRUE(ipv4_of("mn2").is_null());
  EXPECT_THAT(prefixes_of("mn2"), SizeIs(1));
  EXPECT_THAT(all<RemoveIpv4Route>(), SizeIs(1));
  EXPECT_THAT(all<RemoveRoute>(), IsEmpty());
}

TEST_F(Ipv4Anchor, SelectiveDeregistrationOfPrefixesKeepsIpv4) {
  accepted(both("mn2"));
  Pbu p = leaving(Pbu{});
  p.mn = "mn2";
  p.prefixes = {prefix("2001:db8:100::/64")};
  accepted(p);
  EXPECT_EQ(session_of("mn2").at("state"), "active");
  EXPECT_EQ(ipv4_of("mn2"), "192.0.2.2/29");
  EXPECT_THAT(prefixes_of("mn2"), IsEmpty());
}

TEST_F(Ipv4Anchor, DeregistrationOfBothEndsTheSession) {
  accepted(both("mn2"));
  Pbu p = leaving(both("mn2", "192.0.2.2", 29));
  p.prefixes = {prefix("2001:db8:100::/64")};
  EXPECT_EQ(assigned(p), "192.0.2.2/29 192.0.2.1");
  EXPECT_EQ(session_of("mn2").at("state"), "delete-wait");
  advance(11s);
  timeout();
  EXPECT_THAT(all<RemoveIpv4Route>(), SizeIs(1));
  EXPECT_THAT(show("bindings"), IsEmpty());
  EXPECT_EQ(assigned(both("known-mac", "192.0.2.2")), "192.0.2.2/29 192.0.2.1");
}

class RevokedIpv4 : public Ipv4Anchor {
 protected:
  std::optional<wire::RevocationStatus> revoke(const char* mn, const char* ipv4,
                                               const Ipv6Address& source = kMag1) {
    wire::BindingRevocationIndication asked;
    asked.trigger = wire::RevocationTrigger::UserInitiatedTermination;
    asked.sequence = ++number_;
    asked.proxy = asked.ipv4_only = true;
    asked.options = {wire::MobileNodeIdentifier{1, to_bytes(mn)}, wire::Ipv4HomeAddressRequest{29, ip(ipv4)}};
    clear();
    receive(asked, source);
    const auto answers = sent<wire::BindingRevocationAcknowledgement>();
    if (answers.size() != 1) return std::nullopt;
    EXPECT_TRUE(answers[0].second.ipv4_only);
    return answers[0].second.status;
  }

 private:
  std::uint16_t number_ = 0;
};

TEST_F(RevokedIpv4, TheAddressAloneGoes) {
  accepted(both("mn2"));
  EXPECT_EQ(revoke("mn2", "192.0.2.2"), wire::RevocationStatus::Success);
  EXPECT_EQ(session_of("mn2").at("state"), "active");
  EXPECT_TRUE(ipv4_of("mn2").is_null());
  EXPECT_THAT(prefixes_of("mn2"), SizeIs(1));
  EXPECT_THAT(all<RemoveIpv4Route>(), SizeIs(1));
  EXPECT_EQ(assigned(both("known-mac", "192.0.2.2")), "192.0.2.2/29 192.0.2.1");
}

TEST_F(RevokedIpv4, ASessionOfNothingElseEnds) {
  accepted(ipv4_alone("only-ipv4"));
  EXPECT_EQ(revoke("only-ipv4", "192.0.2.2"), wire::RevocationStatus::Success);
  EXPECT_EQ(session_of("only-ipv4").at("state"), "delete-wait");
}

TEST_F(RevokedIpv4, NotWhatIsAnothersOrAnotherMags) {
  accepted(both("mn2"));
  const auto none = wire::RevocationStatus::BindingDoesNotExist;
  EXPECT_EQ(revoke("mn2", "192.0.2.3"), none);
  EXPECT_EQ(revoke("mn1", "192.0.2.2"), none);
  EXPECT_EQ(revoke("mn2", "192.0.2.2", kMag2), none);
  EXPECT_EQ(ipv4_of("mn2"), "192.0.2.2/29");
}

TEST_F(Ipv4Anchor, RestoresTheAddress) {
  accepted(both("mn2"));
  const auto record = all<PersistNode>().back().record;
  EXPECT_EQ(NodeRecord::from_json(record.to_json()).value(), record);
  lma = std::make_unique<LocalMobilityAnchor>(with_ipv4());
  lma->restore(now, {record});
  drain();
  EXPECT_EQ(ipv4_of("mn2"), "192.0.2.2/29");
  EXPECT_TRUE(refusal(both("known-mac", "192.0.2.2"), Status::NotAuthorizedForIpv4HomeAddress));
}

TEST_F(Ipv4Anchor, DoesNotRestoreWhatIsNotOfferedAnyMore) {
  accepted(both("mn2"));
  const auto record = all<PersistNode>().back().record;
  lma = std::make_unique<LocalMobilityAnchor>(test_config());
  clear();
  lma->restore(now, {record});
  drain();
  EXPECT_THAT(show("bindings"), IsEmpty());
  EXPECT_THAT(all<RemoveIpv4Route>(), SizeIs(1));
}

}  // namespace
}  // namespace flowmob::core
