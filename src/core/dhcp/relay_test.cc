// SPDX-License-Identifier: Apache-2.0
#include "core/dhcp/relay.h"

#include <gtest/gtest.h>

namespace flowmob::core::dhcp {
namespace {

using namespace std::chrono_literals;

const Ipv4Address kNode{{192, 0, 2, 2}}, kGateway{{192, 0, 2, 1}}, kStranger{{192, 0, 2, 9}},
    kRelay{{203, 0, 113, 11}};
const Ipv4Home kHomeOfNode{{kNode, 24}, kGateway};
const Agent kAgent{kRelay, "air/02:00:00:00:00:01"};

Message sent(Type type) {
  Message m;
  m.transaction = 0x01020304;
  m.seconds = 9;
  m.hardware_address = {2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  m.options[option::kMessageType] = {static_cast<std::uint8_t>(type)};
  m.options[option::kClientIdentifier] = {0xff, 1, 2, 3};
  m.options[121] = {1, 2, 3};  // behind 82 in the order of codes
  return m;
}

/// As a server answers that follows RFC 3046: with the relay's option as it came.
Message answer_of(Type type, const Ipv4Address& yours, const Message& relayed) {
  Message reply = relayed;
  reply.reply = true;
  reply.yours = yours;
  reply.options.erase(121);
  reply.options[option::kMessageType] = {static_cast<std::uint8_t>(type)};
  return reply;
}

TEST(DhcpAgent, TellsServersWhereAndWhoTheClientIs) {
  const auto relayed = to_servers(kAgent, kHomeOfNode, false, sent(Type::Discover));
  ASSERT_TRUE(relayed);
  const Bytes octets = encode(*relayed);
  EXPECT_EQ(octets[3], 1) << "hops";
  EXPECT_EQ(Bytes(octets.begin() + 24, octets.begin() + 28), (Bytes{203, 0, 113, 11}));
  Bytes expected{82, 44, 1, 21};
  append(expected, std::string_view("air/02:00:00:00:00:01"));
  append(expected, Bytes{2, 4, 192, 0, 2, 2, 5, 4, 192, 0, 2, 1, 10, 1, 0, 11, 4, 192, 0, 2, 1, 255});
  const auto at = std::search(octets.begin(), octets.end(), expected.begin(), expected.end());
  EXPECT_NE(at, octets.end()) << "the last option";
  const auto decoded = decode(octets).value();
  EXPECT_EQ(decoded.seconds, 9);
  EXPECT_EQ(decoded.transaction, 0x01020304U);
  EXPECT_EQ(decoded.options.at(option::kClientIdentifier), (Bytes{0xff, 1, 2, 3}));
}

TEST(DhcpAgent, SaysThatTheClientKnewWhomItAsked) {  // RFC 5010
  const auto relayed = to_servers(kAgent, kHomeOfNode, true, sent(Type::Request));
  const Bytes flags{10, 1, 0x80};
  const auto& information = relayed->options.at(option::kAgentInformation);
  EXPECT_NE(std::search(information.begin(), information.end(), flags.begin(), flags.end()),
            information.end());
}

TEST(DhcpAgent, AddressesMustBeTheHomeAddressWhereverTheyStand) {
  auto request = sent(Type::Request);
  EXPECT_FALSE(is_about(kHomeOfNode, request)) << "it names none";
  request.client = kNode;
  EXPECT_TRUE(is_about(kHomeOfNode, request));
  request.set(option::kRequestedAddress, kStranger);
  EXPECT_FALSE(is_about(kHomeOfNode, request)) << "servers take the option";
  request.set(option::kRequestedAddress, kNode);
  EXPECT_TRUE(is_about(kHomeOfNode, request));
  request.client = kStranger;
  EXPECT_FALSE(is_about(kHomeOfNode, request));
  request.client = {};
  request.options[option::kRequestedAddress] = {192, 0, 2, 2, 192, 0, 2, 9};
  EXPECT_FALSE(is_about(kHomeOfNode, request)) << "two";
}

TEST(DhcpAgent, AsksForNoQuickAnswer) {
  auto discover = sent(Type::Discover);
  discover.options[option::kRapidCommit] = {};
  EXPECT_FALSE(to_servers(kAgent, kHomeOfNode, false, discover)->options.contains(option::kRapidCommit));
}

TEST(DhcpAgent, PassesOnNoAnswerNoForgeryAndNothingThatGoesInCircles) {
  auto answer = sent(Type::Offer);
  answer.reply = true;
  EXPECT_EQ(to_servers(kAgent, kHomeOfNode, false, answer).error().code, "dhcp-not-a-request");
  auto forged = sent(Type::Discover);
  forged.options[option::kAgentInformation] = {2, 4, 192, 0, 2, 9};
  EXPECT_EQ(to_servers(kAgent, kHomeOfNode, false, forged).error().code, "dhcp-forged-agent");
  auto circling = sent(Type::Discover);
  circling.hops = 16;
  EXPECT_EQ(to_servers(kAgent, kHomeOfNode, false, circling).error().code, "dhcp-too-many-hops");
}

TEST(DhcpAgent, FindsTheClientByWhatTheServerSendsBack) {
  const auto relayed = to_servers(kAgent, kHomeOfNode, false, sent(Type::Discover)).value();
  const auto offer = decode(encode(answer_of(Type::Offer, kNode, relayed))).value();
  EXPECT_EQ(circuit_of(kRelay, offer), "air/02:00:00:00:00:01");
  EXPECT_EQ(circuit_of(kStranger, offer), "") << "another relay's";
  EXPECT_EQ(circuit_of(kRelay, relayed), "") << "no answer";
  auto bare = offer;
  bare.options.erase(option::kAgentInformation);
  EXPECT_EQ(circuit_of(kRelay, bare), "");
  for (const Bytes& broken : {Bytes{}, Bytes{1}, Bytes{1, 9, 'a'}, Bytes{2, 0, 1, 200, 'a'}}) {
    bare.options[option::kAgentInformation] = broken;
    EXPECT_EQ(circuit_of(kRelay, bare), "");
  }
}

TEST(DhcpAgent, AgreesWithNothingButTheHomeAddress) {
  const auto relayed = to_servers(kAgent, kHomeOfNode, false, sent(Type::Discover)).value();
  EXPECT_TRUE(agrees(kHomeOfNode, answer_of(Type::Offer, kNode, relayed)));
  EXPECT_TRUE(agrees(kHomeOfNode, answer_of(Type::Ack, kNode, relayed)));
  EXPECT_TRUE(agrees(kHomeOfNode, answer_of(Type::Nak, {}, relayed)));
  EXPECT_FALSE(agrees(kHomeOfNode, answer_of(Type::Offer, kStranger, relayed)));
  EXPECT_FALSE(agrees(kHomeOfNode, answer_of(Type::Offer, {}, relayed)));
  EXPECT_FALSE(agrees(kHomeOfNode, answer_of(Type::Ack, kStranger, relayed)));
  EXPECT_FALSE(agrees(kHomeOfNode, answer_of(Type::Discover, kNode, relayed)));
  auto informed = answer_of(Type::Ack, {}, relayed);
  EXPECT_FALSE(agrees(kHomeOfNode, informed));
  informed.client = kNode;
  EXPECT_TRUE(agrees(kHomeOfNode, informed));
}

TEST(DhcpAgent, TheClientHearsWhatItsBindingSaysAndNothingOfTheRelay) {
  const auto relayed = to_servers(kAgent, kHomeOfNode, false, sent(Type::Discover)).value();
  auto offer = answer_of(Type::Offer, kNode, relayed);
  offer.set(option::kSubnetMask, Ipv4Address{{255, 0, 0, 0}});
  offer.set(option::kLeaseTime, 77U);
  offer.next = kStranger;
  offer.boot_file = {'b'};
  const Lease lease{kHomeOfNode, 1420, 30min};
  const auto told = decode(encode(to_client(lease, offer))).value();
  EXPECT_FALSE(told.options.contains(option::kAgentInformation));
  EXPECT_EQ(told.address_option(option::kSubnetMask), (Ipv4Address{{255, 255, 255, 0}}));
  EXPECT_EQ(told.address_option(option::kRouter), kGateway);
  EXPECT_EQ(told.options.at(option::kInterfaceMtu), (Bytes{1420 >> 8, 1420 & 0xff}));
  EXPECT_EQ(told.options.at(option::kLeaseTime), (Bytes{0, 0, 0, 77})) << "the server's";
  EXPECT_EQ(told.next, kStranger);
  EXPECT_EQ(told.boot_file, Bytes{'b'});
  const auto refused = to_client(lease, answer_of(Type::Nak, {}, relayed));
  EXPECT_FALSE(refused.options.contains(option::kRouter));
  for (const auto routes : {option::kStaticRoutes, option::kClasslessRoutes, option::kMicrosoftRoutes}) {
    offer.options[routes] = {0, 198, 51, 100, 254};
    EXPECT_FALSE(to_client(lease, offer).options.contains(routes)) << int{routes};
  }
}

TEST(DhcpMessage, LongOptionsStandSeveralTimes) {  // RFC 3396
  auto message = sent(Type::Discover);
  message.options[119] = Bytes(600, 5);
  EXPECT_EQ(decode(encode(message)).value().options.at(119), Bytes(600, 5));
}

TEST(DhcpMessage, EmptyOptionsStay) {
  auto message = sent(Type::Discover);
  message.options[80] = {};  // Rapid Commit
  EXPECT_TRUE(decode(encode(message)).value().options.contains(80));
}

TEST(DhcpMessage, OptionsInTheFieldsForNamesComeOutAmongTheOthers) {
  Bytes octets = encode(sent(Type::Discover));
  octets[108] = 12;  // file: host name
  octets[109] = 1;
  octets[110] = 'h';
  octets[111] = option::kEnd;
  const Bytes overload{option::kOverload, 1, 1};
  octets.insert(octets.begin() + 240, overload.begin(), overload.end());
  const auto decoded = decode(octets).value();
  EXPECT_EQ(decoded.options.at(12), Bytes{'h'});
  EXPECT_FALSE(decoded.options.contains(option::kOverload));
  EXPECT_TRUE(decoded.boot_file.empty());
  EXPECT_EQ(decode(encode(decoded)).value().options.at(12), Bytes{'h'});
  octets[108 + 3] = option::kOverload;  // once more, where it means nothing: the names stay names
  octets[108 + 4] = octets[108 + 5] = 1;
  octets[108 + 6] = option::kEnd;
  EXPECT_FALSE(decode(octets).value().options.contains(option::kOverload));
}

}  // namespace
}  // namespace flowmob::core::dhcp
