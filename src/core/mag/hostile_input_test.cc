// SPDX-License-Identifier: Apache-2.0
#include "core/mag/mag_fixture.h"

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace flowmob::core {
namespace {

class HostileInput : public MagFixture {
 protected:
  void expect_dropped(const std::string& reason) {
    EXPECT_EQ(counter("drops", reason), 1U) << command("show statistics", Json::object()).value();
    EXPECT_THAT(order, IsEmpty());
  }
  PacketMeta from_node() const { return {kNodeAddress, address("ff02::2"), kWlan, kNode, 255}; }
};

TEST_F(HostileInput, SolicitationFromOffTheLink) {
  auto meta = from_node();
  meta.hop_limit = 254;
  neighbor_discovery(wire::RouterSolicitation{}, meta);
  expect_dropped("nd-bad-hop-limit");
}

TEST_F(HostileInput, SolicitationWithWrongChecksum) {
  auto bytes = wire::encode_nd(wire::RouterSolicitation{}, from_node().source, from_node().destination);
  bytes[3] ^= 1;
  gateway->handle_neighbor_discovery(now, from_node(), bytes);
  expect_dropped("nd-bad-checksum");
}

TEST_F(HostileInput, TruncatedSolicitation) {
  gateway->handle_neighbor_discovery(now, from_node(), Bytes{133, 0, 0});
  expect_dropped("nd-truncated");
}

TEST_F(HostileInput, SolicitationFromAGroup) {
  auto meta = from_node();
  meta.source = address("ff02::1");
  neighbor_discovery(wire::RouterSolicitation{}, meta);
  expect_dropped("nd-bad-source");
}

TEST_F(HostileInput, FrameFromAGroup) {
  auto meta = from_node();
  meta.link_source = mac("33:33:00:00:00:01");
  neighbor_discovery(wire::RouterSolicitation{}, meta);
  expect_dropped("nd-bad-link-source");
}

TEST_F(HostileInput, LinkLayerAddressOfNobody) {
  auto meta = from_node();
  meta.source = {};
  neighbor_discovery(wire::RouterSolicitation{{wire::SourceLinkLayerAddress{{2, 0, 0, 0, 0, 1}}}}, meta);
  expect_dropped("nd-bad-source");
}

TEST_F(HostileInput, NeighborSolicitationForAGroup) {
  neighbor_discovery(wire::NeighborSolicitation{address("ff02::1"), {}}, from_node());
  expect_dropped("nd-bad-target");
}

TEST_F(HostileInput, NodeThatPlaysRouter) {
  neighbor_discovery(wire::RouterAdvertisement{}, from_node());
  expect_dropped("rogue-router-advertisement");
}

TEST_F(HostileInput, InterfaceThatIsNoAccessLink) {
  auto meta = from_node();
  meta.interface = InterfaceIndex{77};
  neighbor_discovery(wire::RouterSolicitation{}, meta);
  expect_dropped("no-access-link");
}

TEST_F(HostileInput, NeighborAdvertisementsChangeNothing) {
  neighbor_discovery(wire::NeighborAdvertisement{}, from_node());
  EXPECT_THAT(order, IsEmpty());
  EXPECT_EQ(counter("messages", "na_received"), 1U);
}

TEST_F(HostileInput, AcknowledgementFromAnotherSource) {
  solicit();
  clear();
  deliver(answer_to(last_update), address("2001:db8:bad::1"));
  expect_dropped("not-from-lma");
}

TEST_F(HostileInput, AnchorOnAnAccessLink) {
  solicit();
  clear();
  const auto bytes = wire::encode(answer_to(last_update), kLma, kMag);
  gateway->handle_message(now, {kLma, kMag, kWlan, {}, 64}, bytes);
  gateway->handle_message(now, {kLma, kMag, kWimax, {}, 64}, bytes);
  EXPECT_EQ(counter("drops", "from-access-link"), 2U);
  drain();
  EXPECT_THAT(order, IsEmpty());
  constexpr InterfaceIndex kTransport{7};
  gateway->handle_message(now, {kLma, kMag, kTransport, {}, 64}, bytes);
  drain();
  EXPECT_EQ(only_binding().at("state"), "registered");
}

TEST_F(HostileInput, UnknownTypeFromAnAccessLinkIsNotAnswered) {
  const auto source = address("2001:db8:100:1::7");
  gateway->handle_message(now, {source, kMag, kWlan, {}, 64},
                          wire::encode(wire::UnknownMessage{99, {0, 0}}, source, kMag));
  drain();
  expect_dropped("from-access-link");
}

TEST_F(HostileInput, AcknowledgementToAnotherAddress) {
  solicit();
  clear();
  const auto other = address("2001:db8:a::2");
  gateway->handle_message(now, {kLma, other, {}, {}, 64}, wire::encode(answer_to(last_update), kLma, other));
  expect_dropped("not-for-us");
}

TEST_F(HostileInput, AcknowledgementWithWrongChecksum) {
  solicit();
  clear();
  auto bytes = wire::encode(answer_to(last_update), kLma, kMag);
  bytes[7] ^= 1;
  deliver_bytes(bytes);
  expect_dropped("bad-checksum");
}

TEST_F(HostileInput, EveryTruncationOfAnAcknowledgement) {
  solicit();
  clear();
  const auto whole = wire::encode(answer_to(last_update), kLma, kMag);
  for (std::size_t length = 0; length < whole.size(); ++length)
    deliver_bytes(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
  EXPECT_EQ(counter("drops", "truncated"), whole.size());
  EXPECT_THAT(order, IsEmpty());
}

TEST_F(HostileInput, IdentifierThatNoMessageHoldsIsNotSent) {
  auto config = default_config();
  config.mobile_nodes[0].mn_id = std::string(300, 'x');
  start(config);
  solicit();
  expect_dropped("update-too-long");
}

TEST_F(HostileInput, BindingUpdateSentToAGateway) {
  deliver(wire::ProxyBindingUpdate{});
  expect_dropped("unexpected-type");
}

TEST_F(HostileInput, UnknownTypeIsAnsweredWithABindingErrorAtABoundedRate) {
  for (int i = 0; i < 20; ++i) deliver(wire::UpdateNotificationAcknowledgement{});
  ASSERT_THAT(messages, SizeIs(10));
  EXPECT_EQ(counter("drops", "unknown-type"), 20U);
  EXPECT_EQ(messages[0].destination, kLma);
  const auto message = wire::decode(messages[0].mobility_header, kMag, kLma);
  ASSERT_TRUE(message);
  const auto& error = std::get<wire::BindingError>(*message);
  EXPECT_EQ(error.status, wire::BindingErrorStatus::UnrecognizedMhType);
  EXPECT_TRUE(error.home_address.is_unspecified());
}

TEST_F(HostileInput, AMessageThatOnlyTheCodecKnowsIsAnUnknownType) {
  deliver(wire::UpdateNotificationAcknowledgement{});
  ASSERT_THAT(messages, SizeIs(1));
  const auto message = wire::decode(messages[0].mobility_header, kMag, kLma);
  ASSERT_TRUE(message);
  EXPECT_EQ(std::get<wire::BindingError>(*message).status, wire::BindingErrorStatus::UnrecognizedMhType);
}

TEST_F(HostileInput, UnknownTypeFromAGroupIsNotAnswered) {
  deliver(wire::UnknownMessage{99, {0, 0}}, address("ff02::1"));
  deliver(wire::UnknownMessage{99, {0, 0}}, {});
  EXPECT_THAT(messages, IsEmpty());
}

/// RFC 6275 section 9.2; what each of them says is header_errors_test's.
TEST_F(HostileInput, HeaderThatCannotBeIsAnsweredWithAParameterProblem) {
  Bytes header = wire::encode(answer_to({}), kLma, kMag);
  const auto change = [&](std::size_t at, std::uint8_t value) {  // the sum stays
    const auto old = header[at];
    header[at] = value;
    header[4] = static_cast<std::uint8_t>(header[4] + old - value);
  };
  change(0, 58);
  deliver_bytes(header);
  EXPECT_EQ(counter("drops", "bad-payload-proto"), 1U);
  ASSERT_THAT(complaints, SizeIs(1));
  EXPECT_EQ(complaints[0].source, kMag);
  EXPECT_EQ(complaints[0].destination, kLma);
  EXPECT_EQ(counter("messages", "parameter_problem_sent"), 1U);
  EXPECT_THAT(messages, IsEmpty());
}

TEST_F(HostileInput, HeaderFromAnAccessLinkIsNotComplainedOf) {
  const Bytes header{17, 0, 5, 0, 0, 0, 0, 0};
  gateway->handle_message(now, {kLma, kMag, kWlan, {}, 64}, header);
  drain();
  EXPECT_THAT(complaints, IsEmpty());
}

TEST_F(HostileInput, BindingErrorOfTheLmaIsNoted) {
  const wire::BindingError error{wire::BindingErrorStatus::UnrecognizedMhType, {}, {}};
  for (int i = 0; i < 5; ++i) deliver(error);
  EXPECT_EQ(counter("messages", "binding_error_received"), 5U);
  EXPECT_EQ(notified("binding-error"), 1U);
  EXPECT_EQ(last_notice("binding-error").at("status"), "UNRECOGNIZED_MH_TYPE");
  deliver(error, address("2001:db8:bad::1"));
  EXPECT_EQ(counter("drops", "not-from-lma"), 1U);
}

}  // namespace
}  // namespace flowmob::core
