// SPDX-License-Identifier: Apache-2.0
#include "core/mn/own_address.h"

#include "core/mn/lif_fixture_for_test.h"

/// Members that are ports: the core has their link-local addresses (RFC 4861 section 7.2.4).
namespace flowmob::core {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

const Ipv6Address kOwnOfIf1 = Ipv6Address::parse("fe80::ff:fe00:101").value();
const Ipv6Address kGroupOfIf1 = Ipv6Address::parse("ff02::1:ff00:101").value();
const Ipv6Address kOwnOfIf2 = Ipv6Address::parse("fe80::ff:fe00:102").value();

MnConfig with_ports(bool are_ports) {
  auto config = configuration();
  config.members_are_ports = are_ports;
  config.router_probe_interval = 1s;
  return config;
}

struct Question {
  Ipv6Address source = kFixedRouter;
  Ipv6Address destination = kOwnOfIf1;
  Ipv6Address target = kOwnOfIf1;
  std::uint8_t hop_limit = 255;
  wire::NdOptions options{};
};

template <bool kArePorts>
class Members : public Lif {
 protected:
  Members() : Lif(with_ports(kArePorts)) {
    link(kIf1, true);
    pass(1s);  // until the address is known to be nobody else's
  }

  void put(const Question& question, InterfaceIndex interface = kIf1) {
    const wire::NeighborSolicitation message{question.target, question.options};
    lif_.handle_neighbor_discovery(
        now_, {question.source, question.destination, interface, kFixedMac, question.hop_limit},
        wire::encode_nd(message, question.source, question.destination));
  }
};
using Ports = Members<true>;
using NoPorts = Members<false>;

TEST_F(Ports, HaveAnAddressFromTheirLinkLayers) {
  EXPECT_EQ(link_local_of(kMac1), kOwnOfIf1);
  put({});
  const auto answers = asked<AnswerNeighbor>();
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_EQ(answers[0].interface, kIf1);
  EXPECT_EQ(answers[0].link_source, kMac1);
  EXPECT_EQ(answers[0].source, kOwnOfIf1);
  EXPECT_EQ(answers[0].link_destination, kFixedMac);
  EXPECT_EQ(answers[0].destination, kFixedRouter);
  EXPECT_TRUE(answers[0].solicited);
}

TEST_F(Ports, AnswerTheGroupAndWhoeverNamedItsLinkLayerAddress) {
  const MacAddress other = MacAddress::parse("02:00:00:00:09:09").value();
  put({.destination = kGroupOfIf1,
       .options = {wire::SourceLinkLayerAddress{Bytes(other.octets.begin(), other.octets.end())}}});
  const auto answers = asked<AnswerNeighbor>();
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_EQ(answers[0].link_destination, other);
}

TEST_F(Ports, DefendTheirAddressBeforeAllNodes) {
  put({.source = {}, .destination = kGroupOfIf1});
  const auto answers = asked<AnswerNeighbor>();
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_EQ(answers[0].destination, kAllNodes);
  EXPECT_FALSE(answers[0].solicited);
}

TEST_F(Ports, AnswerNothingElse) {
  put({.hop_limit = 64});
  put({.target = kOwnOfIf2});
  put({.source = {}});
  put({.source = {}, .destination = kGroupOfIf1, .options = {wire::SourceLinkLayerAddress{Bytes(6, 2)}}});
  put({.source = kAllNodes});
  put({.destination = kAllNodes});
  put({.destination = kOwnOfIf2, .target = kOwnOfIf2}, kIf2);  // which has no carrier
  EXPECT_THAT(asked<AnswerNeighbor>(), IsEmpty());
}

TEST_F(Ports, AreNotAskedForeverAtOnce) {
  for (int i = 0; i < 200; ++i) put({});
  EXPECT_THAT(asked<AnswerNeighbor>(), SizeIs(50));
  pass(1s);
  put({});
  EXPECT_THAT(asked<AnswerNeighbor>(), SizeIs(1));
}

TEST_F(Ports, AskTheirRoutersFromIt) {
  advertise(kIf1, {});
  asked<AskRouter>();
  pass(1s);
  const auto questions = asked<AskRouter>();
  ASSERT_THAT(questions, SizeIs(1));
  EXPECT_EQ(questions[0].source, kOwnOfIf1);
}

TEST_F(NoPorts, LeaveItToTheKernel) {
  advertise(kIf1, {});
  put({});
  EXPECT_THAT(asked<AnswerNeighbor>(), IsEmpty());
  asked<AskRouter>();
  pass(1s);
  const auto questions = asked<AskRouter>();
  ASSERT_THAT(questions, SizeIs(1));
  EXPECT_EQ(questions[0].source, std::nullopt);
}

TEST(LinkLocalOfVif, IsStableAndNoMembers) {
  const auto own = link_local_of_vif(kMac1);
  EXPECT_TRUE(own.is_link_local());
  EXPECT_EQ(own, link_local_of_vif(kMac1));
  EXPECT_NE(own, link_local_of_vif(kMac2));
  EXPECT_NE(own, link_local_of(kMac1)) << "the first member has the same link-layer address";
  for (unsigned counter = 1; counter < 100; ++counter)
    EXPECT_NE(own, (Ipv6Prefix{own, 64}.with_interface_id(opaque_identifier(kMac1, counter))))
        << "a port's, after a conflict";
}

}  // namespace
}  // namespace flowmob::core
