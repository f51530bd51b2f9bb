// SPDX-License-Identifier: Apache-2.0
#include "core/lma/anchor_fixture_for_test.h"

namespace flowmob::core {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class HostileInputTest : public AnchorFixture {
 protected:
  Bytes good() { return wire::encode(message(first()), kMag1, kLma); }
};

TEST_F(HostileInputTest, ABadChecksumIsDroppedInSilence) {
  Bytes octets = good();
  octets[4] ^= 1;
  deliver(octets, kMag1);
  EXPECT_THAT(all<SendMessage>(), IsEmpty());
  EXPECT_EQ(dropped("bad-checksum"), 1U);
}

TEST_F(HostileInputTest, EveryTruncationIsDropped) {
  const Bytes octets = good();
  for (std::size_t n = 0; n < octets.size(); ++n)
    deliver(Bytes(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(n)), kMag1);
  EXPECT_EQ(dropped("truncated"), octets.size());
  EXPECT_THAT(all<SendMessage>(), IsEmpty());
}

TEST_F(HostileInputTest, AnUnknownTypeIsAnsweredWithABindingErrorAtALimitedRate) {
  const auto octets = wire::encode(wire::UnknownMessage{99, Bytes(2)}, kStranger, kLma);
  for (int i = 0; i < 50; ++i) deliver(octets, kStranger);
  const auto sent = all<SendMessage>();
  ASSERT_THAT(sent, SizeIs(10));
  EXPECT_EQ(sent[0].destination, kStranger);
  const auto decoded = wire::decode(sent[0].mobility_header, sent[0].source, sent[0].destination).value();
  const auto& error = std::get<wire::BindingError>(decoded);
  EXPECT_EQ(error.status, wire::BindingErrorStatus::UnrecognizedMhType);
  EXPECT_TRUE(error.home_address.is_unspecified());
  EXPECT_EQ(dropped("unknown-type"), 50U);
  clear();
  advance(1s);
  deliver(octets, kStranger);
  EXPECT_THAT(all<SendMessage>(), SizeIs(1));
}

/// RFC 6275 section 9.2; what each of them says is header_errors_test's.
TEST_F(HostileInputTest, AHeaderThatCannotBeIsAnsweredWithAParameterProblem) {
  Bytes octets = good();
  octets[0] -= 1;
  octets[4] += 1;  // the sum stays
  deliver(octets, kMag1);
  EXPECT_EQ(dropped("bad-payload-proto"), 1U);
  const auto sent = all<SendIcmpv6>();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].source, kLma);
  EXPECT_EQ(sent[0].destination, kMag1);
  EXPECT_THAT(all<SendMessage>(), IsEmpty());
}

TEST_F(HostileInputTest, NobodyAnswersASourceThatIsNoHost) {
  for (const char* source : {"::", "ff02::1"}) {
    deliver(wire::encode(wire::UnknownMessage{99, Bytes(2)}, address(source), kLma), address(source));
    deliver(wire::encode(message(first()), address(source), kLma), address(source));
  }
  EXPECT_THAT(all<SendMessage>(), IsEmpty());
  EXPECT_EQ(dropped("not-unicast"), 4U);
}

TEST_F(HostileInputTest, NoGatewayIsWhereTheCorrespondentsAre) {
  constexpr InterfaceIndex kCore{3}, kAccess{4};
  lma->set_correspondent_interfaces({kCore});
  const auto from = [&](InterfaceIndex interface, const Bytes& octets) {
    lma->handle_message(now, {kMag1, kLma, interface, {}, 64}, octets);
    drain();
  };
  from(kCore, good());
  from(kCore, wire::encode(wire::UnknownMessage{99, Bytes(2)}, kMag1, kLma));
  EXPECT_THAT(all<SendMessage>(), IsEmpty());
  EXPECT_EQ(dropped("from-core-interface"), 2U);
  from(kAccess, good());
  EXPECT_THAT(all<SendMessage>(), SizeIs(1));
}

TEST_F(HostileInputTest, OtherMessagesAreCounted) {
  auto plain = message(first());
  plain.proxy = false;
  deliver(wire::encode(plain, kMag1, kLma), kMag1);
  deliver(wire::encode(wire::ProxyBindingAcknowledgement{}, kMag1, kLma), kMag1);
  deliver(wire::encode(wire::BindingError{}, kMag1, kLma), kMag1);
  EXPECT_EQ(dropped("not-proxy"), 1U);
  EXPECT_EQ(dropped("unexpected-type"), 1U);
  EXPECT_EQ(dropped("binding-error"), 1U);
  EXPECT_THAT(all<SendMessage>(), IsEmpty());
}

TEST_F(HostileInputTest, AFloodDoesNotFloodTheLog) {
  Bytes octets = good();
  octets[4] ^= 1;
  for (int i = 0; i < 1000; ++i) deliver(octets, kMag1);
  EXPECT_THAT(events(), SizeIs(20));
  clear();
  advance(1s);
  deliver(octets, kMag1);
  EXPECT_EQ(all<Notify>().at(0).fields["suppressed"], 980);
  EXPECT_EQ(dropped("bad-checksum"), 1001U);
}

TEST_F(HostileInputTest, AnAnswerThatCannotEchoAllStaysAnAnswer) {
  Pbu p = first();
  p.mn = std::nullopt;
  p.link_layer_id = std::nullopt;
  p.any_prefix = false;
  p.stamped = false;
  for (int i = 0; i < 84; ++i) p.prefixes.push_back(kOwn);
  const auto pba = ask(p);
  ASSERT_TRUE(pba);
  EXPECT_EQ(pba->status, Status::MissingMnIdentifierOption);
}

TEST_F(HostileInputTest, IdentifiersOfAnyOctetsAreShownEscaped) {
  auto c = test_config();
  c.mobile_nodes.push_back({std::string("\\x00\\xff"), true, {}, {}, {}, {}});
  ASSERT_TRUE(lma->reconfigure(now, c));
  Pbu p = first();
  p.mn = std::string("\0\xff", 2);
  const auto pba = accepted(p);
  EXPECT_EQ(wire::find<wire::MobileNodeIdentifier>(pba.options)->identifier, (Bytes{0, 0xff}));
  EXPECT_EQ(show("sessions")[0]["mn"], "\\x00\\xff");
  EXPECT_EQ(show("bindings", {{"mn", "\\x00\\xff"}}).size(), 1U);
}

}  // namespace
}  // namespace flowmob::core
