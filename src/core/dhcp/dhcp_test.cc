// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "core/dhcp/server.h"

namespace flowmob::core::dhcp {
namespace {

using namespace std::chrono_literals;

const Ipv4Address kHome{{192, 0, 2, 2}}, kRouter{{192, 0, 2, 1}}, kOther{{192, 0, 2, 9}};
const Lease kLease{{{kHome, 24}, kRouter}, 1420, 30min};

Message message(Type type) {
  Message m;
  m.transaction = 0x01020304;
  m.hardware_address = {2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  m.options[option::kMessageType] = {static_cast<std::uint8_t>(type)};
  return m;
}

/// Over the wire and back.
std::optional<Message> answered(const Message& request) {
  const auto reply = answer(kLease, decode(encode(request)).value());
  return reply ? decode(encode(*reply)) : std::nullopt;
}

void expect_configuration(const Message& reply) {
  EXPECT_EQ(reply.address_option(option::kSubnetMask), (Ipv4Address{{255, 255, 255, 0}}));
  EXPECT_EQ(reply.address_option(option::kRouter), kRouter);
  EXPECT_EQ(reply.address_option(option::kServerIdentifier), kRouter);
  EXPECT_EQ(reply.options.at(option::kInterfaceMtu), (Bytes{1420 >> 8, 1420 & 0xff}));
}

TEST(Dhcp, OffersTheHomeAddressWithMaskRouterAndMtu) {
  const auto offer = answered(message(Type::Discover));
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->type(), Type::Offer);
  EXPECT_TRUE(offer->reply);
  EXPECT_EQ(offer->yours, kHome);
  EXPECT_EQ(offer->transaction, 0x01020304U);
  EXPECT_EQ(offer->hardware_address, message(Type::Discover).hardware_address);
  EXPECT_EQ(offer->options.at(option::kLeaseTime), (Bytes{0, 0, 0x07, 0x08}));
  expect_configuration(*offer);
}

TEST(Dhcp, OffersItWhateverIsAskedFor) {
  auto discover = message(Type::Discover);
  discover.set(option::kRequestedAddress, kOther);
  EXPECT_EQ(answered(discover)->yours, kHome);
}

TEST(Dhcp, AcknowledgesWhoChoseUs) {
  auto request = message(Type::Request);
  request.set(option::kServerIdentifier, kRouter);
  request.set(option::kRequestedAddress, kHome);
  const auto ack = answered(request);
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->type(), Type::Ack);
  EXPECT_EQ(ack->yours, kHome);
  expect_configuration(*ack);
}

TEST(Dhcp, IsSilentToWhoChoseAnother) {
  auto request = message(Type::Request);
  request.set(option::kServerIdentifier, kOther);
  request.set(option::kRequestedAddress, kHome);
  EXPECT_FALSE(answered(request));
}

TEST(Dhcp, RenewsAtEveryGateway) {
  auto request = message(Type::Request);
  request.client = kHome;
  const auto ack = answered(request);
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->type(), Type::Ack);
  EXPECT_EQ(ack->client, kHome);
}

TEST(Dhcp, RemembersAClientThatReboots) {
  auto request = message(Type::Request);
  request.set(option::kRequestedAddress, kHome);
  EXPECT_EQ(answered(request)->type(), Type::Ack);
}

TEST(Dhcp, RefusesEveryOtherAddress) {
  auto reboot = message(Type::Request), renew = message(Type::Request);
  reboot.set(option::kRequestedAddress, kOther);
  renew.client = kOther;
  for (const auto& request : {reboot, renew, message(Type::Request)}) {
    const auto nak = answered(request);
    ASSERT_TRUE(nak);
    EXPECT_EQ(nak->type(), Type::Nak);
    EXPECT_EQ(nak->yours, Ipv4Address{});
    EXPECT_TRUE(nak->broadcast);
    EXPECT_FALSE(nak->options.contains(option::kLeaseTime));
  }
}

TEST(Dhcp, InformsWithoutALease) {
  auto inform = message(Type::Inform);
  inform.client = kHome;
  const auto ack = answered(inform);
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->yours, Ipv4Address{});
  EXPECT_FALSE(ack->options.contains(option::kLeaseTime));
  expect_configuration(*ack);
}

TEST(Dhcp, NoticesARelease) {
  auto release = message(Type::Release);
  release.client = kHome;
  EXPECT_TRUE(releases(kLease, release));
  EXPECT_FALSE(answered(release));
  release.client = kOther;
  EXPECT_FALSE(releases(kLease, release));
}

TEST(Dhcp, WithoutALeaseRefusesClaimsAndOffersNothing) {
  auto request = message(Type::Request);
  request.client = kHome;
  EXPECT_EQ(answer_without_lease(request)->type(), Type::Nak);
  EXPECT_FALSE(answer_without_lease(message(Type::Discover)));
}

TEST(Dhcp, EchoesTheClientIdentifier) {
  auto discover = message(Type::Discover);
  discover.options[option::kClientIdentifier] = {0xff, 1, 2, 3};
  EXPECT_EQ(answered(discover)->options.at(option::kClientIdentifier), (Bytes{0xff, 1, 2, 3}));
}

TEST(Dhcp, DoesNotAnswerServersNorWhatHasNoType) {
  auto offer = message(Type::Offer);
  EXPECT_FALSE(answered(offer));
  auto reply = message(Type::Discover);
  reply.reply = true;
  EXPECT_FALSE(answered(reply));
  auto none = message(Type::Discover);
  none.options.clear();
  EXPECT_FALSE(answered(none));
}

TEST(Dhcp, OptionsGoOnInTheNamesOfBootp) {
  Bytes octets = encode(message(Type::Discover));
  octets.resize(240);
  octets.insert(octets.end(), {option::kOverload, 1, 1, option::kEnd});
  octets[108] = option::kMessageType;
  octets[109] = 1;
  octets[110] = static_cast<std::uint8_t>(Type::Discover);
  octets[111] = option::kEnd;
  ASSERT_TRUE(decode(octets));
  EXPECT_EQ(decode(octets)->type(), Type::Discover);
}

TEST(Dhcp, CutShortOrGarbledIsNoMessageOrAnother) {
  auto request = message(Type::Request);
  request.set(option::kRequestedAddress, kHome);
  const Bytes whole = encode(request);
  for (std::size_t length = 0; length < 240; ++length) EXPECT_FALSE(decode(ByteView(whole).first(length)));
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes garbled = whole;
    garbled[bit / 8] = static_cast<std::uint8_t>(garbled[bit / 8] ^ 0x80 >> bit % 8);
    const auto read = decode(garbled);
    const auto reply = read ? answer(kLease, *read) : std::nullopt;
    const bool acknowledges = reply && reply->type() == Type::Ack && read->type() == Type::Request;
    EXPECT_TRUE(!acknowledges || reply->yours == kHome) << "bit " << bit;
  }
}

}  // namespace
}  // namespace flowmob::core::dhcp
