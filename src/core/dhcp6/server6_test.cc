// SPDX-License-Identifier: Apache-2.0
#include "core/dhcp6/server6.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace flowmob::core::dhcp6 {
namespace {

using namespace std::chrono_literals;

const Ipv6Prefix kFirst = Ipv6Prefix::parse("2001:db8:f00::/60").value(),
                 kSecond = Ipv6Prefix::parse("2001:db8:f01::/64").value(),
                 kStrange = Ipv6Prefix::parse("2001:db8:bad::/60").value();
const Delegation kBoth{{kFirst, kSecond}, 10min}, kNone{{}, 10min};
const Bytes kClient{0, 3, 0, 1, 2, 0, 0, 0, 0, 1};

Message said(Type type, std::vector<IaPd> wanted = {{7, 0, 0, {}, {}}}) {
  Message m{type, 0x010203, {}};
  if (type != Type::InformationRequest) m.add(option::kClientId, kClient);
  if (type == Type::Request || type == Type::Renew || type == Type::Release || type == Type::Decline)
    m.add(option::kServerId, server_id());
  if (type != Type::InformationRequest)
    for (const auto& ia : wanted) m.add(option::kIaPd, encode(ia));
  return m;
}

/// Over the wire and back.
std::optional<Message> answered(const Delegation& delegation, const Message& request) {
  const auto reply = answer(delegation, decode(encode(request)).value(), true);
  return reply ? decode(encode(*reply)) : std::nullopt;
}

std::vector<IaPd> given(const Message& reply) {
  std::vector<IaPd> all;
  for (const auto& o : reply.options)
    if (o.code == option::kIaPd) all.push_back(decode_ia_pd(o.data).value());
  return all;
}

void expect_both(const std::optional<Message>& reply, Type type) {
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->type, type);
  EXPECT_EQ(reply->transaction, 0x010203U);
  ASSERT_TRUE(reply->find(option::kClientId) && reply->find(option::kServerId));
  EXPECT_EQ(*reply->find(option::kClientId), kClient);
  EXPECT_EQ(*reply->find(option::kServerId), server_id());
  EXPECT_EQ(given(*reply), (std::vector<IaPd>{{7, 300, 480, {{600, 600, kFirst}, {600, 600, kSecond}}, {}}}));
}

TEST(Dhcp6Server, AdvertisesWhatIsDelegatedAndGivesIt) {
  expect_both(answered(kBoth, said(Type::Solicit)), Type::Advertise);
  expect_both(answered(kBoth, said(Type::Request)), Type::Reply);
  expect_both(answered(kBoth, said(Type::Renew)), Type::Reply);
  expect_both(answered(kBoth, said(Type::Rebind)), Type::Reply);
}

TEST(Dhcp6Server, AQuickQuestionHasAQuickAnswer) {
  auto solicit = said(Type::Solicit);
  solicit.add(option::kRapidCommit, {});
  const auto reply = answered(kBoth, solicit);
  expect_both(reply, Type::Reply);
  EXPECT_TRUE(reply->find(option::kRapidCommit));
}

TEST(Dhcp6Server, ThereIsNoneWhereNoneIsDelegated) {
  for (const auto& [type, status] : {std::pair{Type::Solicit, Status::NoPrefixAvail},
                                     {Type::Request, Status::NoPrefixAvail},
                                     {Type::Renew, Status::NoBinding},
                                     {Type::Rebind, Status::NoBinding}}) {
    const auto reply = answered(kNone, said(type));
    ASSERT_TRUE(reply);
    EXPECT_EQ(given(*reply), (std::vector<IaPd>{{7, 0, 0, {}, status}}));
  }
}

TEST(Dhcp6Server, WhatAClientMayHaveNoLongerEndsAtOnce) {
  const IaPd had{7, 300, 480, {{600, 600, kStrange}, {600, 600, kFirst}}, {}};
  for (const auto type : {Type::Renew, Type::Rebind}) {
    EXPECT_EQ(given(*answered(kBoth, said(type, {had})))[0].prefixes,
              (std::vector<IaPrefix>{{600, 600, kFirst}, {600, 600, kSecond}, {0, 0, kStrange}}));
    EXPECT_EQ(given(*answered(kNone, said(type, {had})))[0].prefixes,
              (std::vector<IaPrefix>{{0, 0, kStrange}, {0, 0, kFirst}}));
  }
}

TEST(Dhcp6Server, OneAssociationGetsThemAll) {
  const auto reply = answered(kBoth, said(Type::Solicit, {{9, 0, 0, {}, {}}, {7, 0, 0, {}, {}}}));
  const auto all = given(*reply);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].status, Status::NoPrefixAvail);
  EXPECT_EQ(all[1].prefixes.size(), 2U);
}

TEST(Dhcp6Server, ANumberThatComesAgainIsNotAnsweredAgain) {
  std::vector<IaPd> many(80, {7, 0, 0, {}, {}});
  many.insert(many.begin(), 2, {9, 0, 0, {}, {}});
  const auto all = given(*answered(kBoth, said(Type::Solicit, many)));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].id, 9U);
  EXPECT_EQ(all[1].id, 7U);
  EXPECT_EQ(all[1].prefixes.size(), 2U);
}

TEST(Dhcp6Server, AddressesAreNotGiven) {
  auto solicit = said(Type::Solicit);
  solicit.add(option::kIaNa, {0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2});
  solicit.add(option::kIaTa, {0, 0, 0, 6});
  solicit.add(option::kIaTa, {0, 0, 0});
  const auto reply = answered(kBoth, solicit);
  EXPECT_EQ(*reply->find(option::kIaNa), (Bytes{0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13, 0, 2, 0, 2}));
  EXPECT_EQ(*reply->find(option::kIaTa), (Bytes{0, 0, 0, 6, 0, 13, 0, 2, 0, 2}));
  EXPECT_EQ(std::ranges::count(reply->options, option::kIaTa, &Option::code), 1);
}

TEST(Dhcp6Server, ReleasesAreKnownByWhatTheyGiveBack) {
  const auto ours = said(Type::Release, {{7, 0, 0, {{600, 600, kFirst}}, {}}});
  EXPECT_TRUE(releases(kBoth, ours));
  EXPECT_EQ(*answered(kBoth, ours)->find(option::kStatus), encode(Status::Success));
  EXPECT_TRUE(given(*answered(kBoth, ours)).empty());
  const auto others = said(Type::Release, {{7, 0, 0, {{600, 600, kStrange}}, {}}});
  EXPECT_FALSE(releases(kBoth, others));
  EXPECT_EQ(given(*answered(kBoth, others))[0].status, Status::NoBinding);
  EXPECT_FALSE(releases(kBoth, said(Type::Renew, {{7, 0, 0, {{600, 600, kFirst}}, {}}})));
}

TEST(Dhcp6Server, IsSilentToWhatIsNotForIt) {
  auto other = said(Type::Request);
  for (auto& o : other.options)
    if (o.code == option::kServerId) o.data.back() ^= 1;
  EXPECT_FALSE(answered(kBoth, other)) << "another server's";
  auto anonymous = said(Type::Solicit);
  std::erase_if(anonymous.options, [](const Option& o) { return o.code == option::kClientId; });
  EXPECT_FALSE(answered(kBoth, anonymous));
  for (const auto type : {Type::Solicit, Type::Rebind}) {
    auto named = said(type);
    named.add(option::kServerId, server_id());
    EXPECT_FALSE(answered(kBoth, named)) << "RFC 8415 sections 16.2 and 16.7";
  }
  for (const auto type : {Type::Advertise, Type::Reply, Type::Reconfigure, Type::Confirm})
    EXPECT_FALSE(answered(kBoth, said(type)));
}

TEST(Dhcp6Server, InformationIsWhoItIs) {
  const auto reply = answered(kBoth, said(Type::InformationRequest));
  ASSERT_TRUE(reply);
  EXPECT_EQ(*reply->find(option::kServerId), server_id());
  auto wrong = said(Type::InformationRequest);
  wrong.add(option::kIaPd, encode(IaPd{}));
  EXPECT_FALSE(answered(kBoth, wrong)) << "RFC 8415 section 16.12";
}

TEST(Dhcp6Server, AsksForPrefixesWhoHasAnAssociation) {
  EXPECT_TRUE(asks_for_prefixes(said(Type::Solicit)));
  EXPECT_FALSE(asks_for_prefixes(said(Type::Solicit, {})));
  EXPECT_FALSE(asks_for_prefixes(said(Type::Release)));
}

}  // namespace
}  // namespace flowmob::core::dhcp6
