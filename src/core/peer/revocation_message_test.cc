// SPDX-License-Identifier: Apache-2.0
#include "core/peer/revocation_message.h"

#include <gmock/gmock.h>

/// RFC 5846 sections 5.1, 6.1.2 and 6.2.1.
namespace flowmob::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using wire::RevocationStatus;
using wire::RevocationTrigger;
using enum wire::RevocationTrigger;

const Ipv6Address kHere = Ipv6Address::parse("2001:db8::1").value();
const Ipv6Address kThere = Ipv6Address::parse("2001:db8::2").value();
const Ipv6Prefix kPrefix = Ipv6Prefix::parse("2001:db8:100::/64").value();
const std::vector<RevocationTrigger> kAll{Unspecified,
                                          Administrative,
                                          InterMagHandoverSameAccess,
                                          InterMagHandoverDifferentAccess,
                                          InterMagHandoverUnknown,
                                          PerPeerPolicy,
                                          RevokingNodeLocalPolicy,
                                          UserInitiatedTermination,
                                          AccessNetworkTermination,
                                          PossibleOutOfSync};

PacketMeta from_peer() { return {kThere, kHere, {}, {}, 64}; }
Bytes octets(std::string_view text) { return Bytes(text.begin(), text.end()); }

RevocationStatus form(unsigned trigger, bool global) {
  wire::BindingRevocationIndication indication;
  indication.proxy = true;
  indication.trigger = static_cast<RevocationTrigger>(trigger);
  indication.global = global;
  return check_form(RevocationRequest(from_peer(), indication), kAll);
}

TEST(RevocationMessage, TriggersThatNobodyKnowsAreNotSupported) {
  for (const unsigned trigger : {8U, 127U, 130U, 249U, 250U, 255U}) {
    EXPECT_EQ(form(trigger, false), RevocationStatus::TriggerNotSupported) << trigger;
    EXPECT_EQ(form(trigger, true), RevocationStatus::TriggerNotSupported) << trigger;
  }
}

TEST(RevocationMessage, GlobalTriggersGoWithTheFlag) {
  for (const auto trigger : kAll) {
    const auto number = static_cast<unsigned>(trigger);
    EXPECT_EQ(form(number, number >= 128), RevocationStatus::Success) << number;
    EXPECT_EQ(form(number, number < 128), RevocationStatus::FunctionNotSupported) << number;
  }
}

TEST(RevocationMessage, TheAnswerHasNumberAndFlagsOfTheQuestion) {
  for (unsigned flags = 0; flags < 8; ++flags) {
    wire::BindingRevocationIndication asked;
    asked.sequence = 4711;
    asked.proxy = (flags & 1) != 0;
    asked.ipv4_only = (flags & 2) != 0;
    asked.global = (flags & 4) != 0;
    const auto sent =
        acknowledge(RevocationRequest(from_peer(), asked), RevocationStatus::MobileNodeIsAttached);
    EXPECT_EQ(sent.source, kHere);
    EXPECT_EQ(sent.destination, kThere);
    const auto decoded = wire::decode(sent.mobility_header, kHere, kThere);
    ASSERT_TRUE(decoded);
    const auto& answer = std::get<wire::BindingRevocationAcknowledgement>(*decoded);
    EXPECT_EQ(answer.status, RevocationStatus::MobileNodeIsAttached);
    EXPECT_EQ(answer.sequence, asked.sequence);
    EXPECT_EQ(answer.proxy, asked.proxy);
    EXPECT_EQ(answer.ipv4_only, asked.ipv4_only);
    EXPECT_EQ(answer.global, asked.global);
    EXPECT_THAT(answer.options, IsEmpty());
  }
}

TEST(RevocationMessage, OptionsOfAnUnknownKindAreSkipped) {
  wire::BindingRevocationIndication indication;
  indication.options = {wire::UnknownOption{200, {1, 2}}};
  EXPECT_FALSE(RevocationRequest(from_peer(), indication).has_options);
  indication.options.push_back(wire::MobileNodeIdentifier{1, octets("mn@example.net")});
  indication.options.push_back(wire::HomeNetworkPrefixOption::of(kPrefix));
  indication.options.push_back(wire::HomeNetworkPrefixOption::of(kPrefix));
  indication.options.push_back(wire::AlternateCareOfAddress{kThere});
  const RevocationRequest request(from_peer(), indication);
  EXPECT_TRUE(request.has_options);
  EXPECT_EQ(request.mn_id, "mn@example.net");
  EXPECT_THAT(request.prefixes, ElementsAre(kPrefix));
  EXPECT_EQ(request.care_of, kThere);
}

TEST(RevocationMessage, OnlyNetworkAccessIdentifiersCount) {
  wire::BindingRevocationIndication indication;
  indication.options = {wire::MobileNodeIdentifier{2, octets("x")},
                        wire::MobileNodeIdentifier{1, octets("mn")}};
  EXPECT_EQ(RevocationRequest(from_peer(), indication).mn_id, "mn");
  indication.options.pop_back();
  EXPECT_EQ(RevocationRequest(from_peer(), indication).mn_id, std::nullopt);
}

TEST(RevocationMessage, ARealmIsMatchedWhole) {
  EXPECT_TRUE(is_realm_identifier("@example.com"));
  for (const auto* none : {"", "@", "example.com", "mn@example.com", "@a@b"})
    EXPECT_FALSE(is_realm_identifier(none)) << none;
  EXPECT_TRUE(is_in_realm("1234abdelta@example.com", "@example.com"));
  EXPECT_FALSE(is_in_realm("1234abdelta@foo.example.com", "@example.com"));
  EXPECT_FALSE(is_in_realm("1234abdelta@example.com.au", "@example.com"));
  EXPECT_FALSE(is_in_realm("example.com", "@example.com"));
}

}  // namespace
}  // namespace flowmob::core
