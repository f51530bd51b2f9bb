// SPDX-License-Identifier: Apache-2.0
#include "core/mn/address_table.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "core/mn/lifetime.h"

namespace flowmob::core {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint64_t kIdentifier = 0x0000ff'fe000101;
const TimePoint kStart{1000s};

wire::PrefixInformation prefix(std::uint32_t valid, std::uint32_t preferred,
                               std::string_view address = "2001:db8:100::") {
  return {64, true, true, valid, preferred, Ipv6Address::parse(address).value()};
}

bool everyone(std::uint32_t) { return true; }
bool nobody(std::uint32_t) { return false; }

class Addresses : public ::testing::Test {
 protected:
  AddressTable table_{kIdentifier};

  AddressTable::Lifetimes only() const {
    const auto all = table_.standing(kStart, everyone);
    EXPECT_THAT(all, SizeIs(1));
    return all.empty() ? AddressTable::Lifetimes{} : all[0].lifetimes;
  }
};

TEST_F(Addresses, OnePerPrefixFromTheStableIdentifier) {
  EXPECT_FALSE(table_.advertise(kStart, 0, prefix(600, 300)));
  EXPECT_FALSE(table_.advertise(kStart, 1, prefix(600, 300)));
  EXPECT_EQ(table_.standing(kStart, everyone).at(0).address.to_string(), "2001:db8:100::ff:fe00:101");
  EXPECT_EQ(only(), (AddressTable::Lifetimes{kStart + 600s, kStart + 300s}));
}

TEST_F(Addresses, WhatCannotBecomeAnAddressIsIgnoredForItsReason) {
  auto not_autonomous = prefix(600, 300);
  not_autonomous.autonomous = false;
  auto long_prefix = prefix(600, 300);
  long_prefix.prefix_length = 80;
  EXPECT_EQ(table_.advertise(kStart, 0, not_autonomous), "prefix-not-autonomous");
  EXPECT_EQ(table_.advertise(kStart, 0, long_prefix), "prefix-length");
  EXPECT_EQ(table_.advertise(kStart, 0, prefix(300, 600)), "prefix-lifetimes");
  for (const auto* scope : {"fe80::", "ff02::", "::"})
    EXPECT_EQ(table_.advertise(kStart, 0, prefix(600, 300, scope)), "prefix-scope") << scope;
  EXPECT_THAT(table_.standing(kStart, everyone), IsEmpty());
}

TEST_F(Addresses, WhatAFormerMemberSaidHasItsLifetimesAndNoVoiceAnyMore) {
  table_.advertise(kStart, 1, prefix(600, 300, "2001:db8:200::"));
  table_.leave(1);
  EXPECT_EQ(only(), (AddressTable::Lifetimes{kStart + 600s, kStart + 300s}));
  EXPECT_THAT(table_.prefixes_of(kStart, 1), IsEmpty());
  // Another one with its number has said nothing of it.
  table_.advertise(kStart, 1, prefix(6000, 3000));
  const auto standing = table_.standing(kStart, everyone);
  ASSERT_THAT(standing, SizeIs(2));
  EXPECT_TRUE(standing[0].vouched);
  EXPECT_FALSE(standing[1].vouched);
  EXPECT_EQ(standing[1].lifetimes.preferred, kEnded) << "deprecated";
  table_.expire(kStart + 600s);
  EXPECT_THAT(table_.standing(kStart, everyone), SizeIs(1));
}

TEST_F(Addresses, OfSeveralFormerMembersTheLongestCounts) {
  table_.advertise(kStart, 0, prefix(600, 300));
  table_.advertise(kStart, 1, prefix(900, 200));
  table_.leave(0);
  table_.leave(1);
  EXPECT_EQ(only(), (AddressTable::Lifetimes{kStart + 900s, kStart + 300s}));
}

TEST_F(Addresses, AnUnknownPrefixWithoutLifetimeMakesNoAddress) {
  EXPECT_FALSE(table_.advertise(kStart, 0, prefix(0, 0)));
  EXPECT_THAT(table_.standing(kStart, everyone), IsEmpty());
}

// RFC 4862 section 5.5.3 e 1 to 3.
TEST_F(Addresses, OneAdvertisementCannotEndAnAddressWithinTwoHours) {
  table_.advertise(kStart, 0, prefix(86400, 86400));
  table_.advertise(kStart, 0, prefix(0, 0));
  EXPECT_EQ(only().valid, kStart + 2h) << "more than two hours were left: two hours are";
  EXPECT_LE(only().preferred, kStart) << "deprecated at once";
  table_.advertise(kStart + 1h, 0, prefix(60, 60));
  EXPECT_EQ(only().valid, kStart + 2h) << "two hours or less were left: they stay";
  table_.advertise(kStart + 1h, 0, prefix(5400, 60));
  EXPECT_EQ(only().valid, kStart + 2h + 30min) << "longer than what was left";
  table_.advertise(kStart + 1h, 0, prefix(7201, 60));
  EXPECT_EQ(only().valid, kStart + 1h + 7201s) << "more than two hours";
}

TEST_F(Addresses, AShortLifetimeFromTheBeginningIsTaken) {
  table_.advertise(kStart, 0, prefix(60, 30));
  EXPECT_EQ(only().valid, kStart + 60s);
}

TEST_F(Addresses, ForeverIsForever) {
  table_.advertise(kStart, 0, prefix(kInfiniteLifetime, kInfiniteLifetime));
  EXPECT_EQ(only(), (AddressTable::Lifetimes{kNever, kNever}));
  EXPECT_FALSE(table_.next_expiry());
  table_.advertise(kStart, 0, prefix(60, 30));
  EXPECT_EQ(only().valid, kStart + 2h);
}

/// RFC 4862 lets no single advertisement end an address, so what was withdrawn is still there for two hours.
TEST_F(Addresses, WhoHasWithdrawnAPrefixAdvertisesItNoMore) {
  table_.advertise(kStart, 0, prefix(86400, 3600));
  table_.advertise(kStart, 1, prefix(86400, 3600));
  EXPECT_EQ(table_.standing(kStart, everyone).at(0).members, 0b11U);
  table_.advertise(kStart, 0, prefix(0, 0));
  EXPECT_EQ(table_.standing(kStart, everyone).at(0).members, 0b10U);
  EXPECT_THAT(table_.prefixes_of(kStart, 0), IsEmpty());
  EXPECT_THAT(table_.prefixes_of(kStart, 1), SizeIs(1));
}

TEST_F(Addresses, StandsAsLongAsAnyMemberSays) {
  table_.advertise(kStart, 0, prefix(100, 50));
  table_.advertise(kStart, 1, prefix(300, 200));
  EXPECT_EQ(only(), (AddressTable::Lifetimes{kStart + 300s, kStart + 200s}));
  EXPECT_EQ(table_.next_expiry(), kStart + 100s);
  table_.expire(kStart + 100s);
  EXPECT_THAT(table_.prefixes_of(kStart, 0), IsEmpty());
  EXPECT_THAT(table_.prefixes_of(kStart, 1), SizeIs(1));
  EXPECT_EQ(only().valid, kStart + 300s);
  table_.expire(kStart + 300s);
  EXPECT_THAT(table_.standing(kStart, everyone), IsEmpty());
}

TEST_F(Addresses, AWordFromALiveMemberOutweighsADeadOnesPreference) {
  table_.advertise(kStart, 0, prefix(86400, 86400));
  table_.advertise(kStart, 1, prefix(86400, 0));
  const auto standing = table_.standing(kStart, [](std::uint32_t member) { return member == 1; });
  EXPECT_LE(standing.at(0).lifetimes.preferred, kStart);
  EXPECT_EQ(standing.at(0).lifetimes.valid, kStart + 24h);
}

TEST_F(Addresses, AreDeprecatedWhenOnlyDeadMembersHadThem) {
  table_.advertise(kStart, 0, prefix(600, 600, "2001:db8:1::"));
  table_.advertise(kStart, 1, prefix(600, 600, "2001:db8:2::"));
  const auto standing = table_.standing(kStart, [](std::uint32_t member) { return member == 1; });
  EXPECT_LE(standing.at(0).lifetimes.preferred, kStart);
  EXPECT_EQ(standing.at(1).lifetimes.preferred, kStart + 600s);
  for (const auto& entry : table_.standing(kStart, nobody))
    EXPECT_EQ(entry.lifetimes.preferred, kStart + 600s) << "with all links gone nothing is better";
}

TEST_F(Addresses, OfBeforeALinkWentCountWhenTheyAreSaidAgain) {
  table_.advertise(kStart, 0, prefix(7200, 3600, "2001:db8:1::"));
  table_.doubt(0);
  EXPECT_EQ(only().preferred, kStart + 1h) << "nothing better is known";
  table_.advertise(kStart, 0, prefix(7200, 3600, "2001:db8:2::"));
  const auto standing = table_.standing(kStart, everyone);
  EXPECT_LE(standing.at(0).lifetimes.preferred, kStart);
  EXPECT_EQ(standing.at(0).lifetimes.valid, kStart + 2h) << "it stands as long as it was said to";
  EXPECT_EQ(standing.at(1).lifetimes.preferred, kStart + 1h);
  table_.advertise(kStart + 1s, 0, prefix(7200, 3600, "2001:db8:1::"));
  EXPECT_EQ(table_.standing(kStart, everyone).at(0).lifetimes.preferred, kStart + 1h + 1s);
}

TEST_F(Addresses, OfAnEarlierRunStayUntilConfirmedOrOver) {
  const auto address = Ipv6Address::parse("2001:db8:100::ff:fe00:101").value();
  table_.adopt(kStart, {address, 64, 600, 300});
  EXPECT_EQ(only(), (AddressTable::Lifetimes{kStart + 600s, kStart + 300s}));
  table_.advertise(kStart, 1, prefix(60, 60));
  EXPECT_EQ(only().valid, kStart + 600s) << "the two-hour rule holds for it too";
  table_.expire(kStart + 600s);
  EXPECT_THAT(table_.standing(kStart, everyone), IsEmpty());
}

TEST_F(Addresses, AreNotMoreThanAHostCanHave) {
  for (int i = 0; i < 20; ++i)
    table_.advertise(kStart, 0, prefix(600, 300, "2001:db8:" + std::to_string(i + 1) + "::"));
  EXPECT_THAT(table_.standing(kStart, everyone), SizeIs(AddressTable::kMostAddresses));
  EXPECT_EQ(table_.advertise(kStart, 0, prefix(600, 300, "2001:db8:ffff::")), "too-many-prefixes");
}

TEST_F(Addresses, MadeUpPrefixesGiveWayWhenNobodyRepeatsThem) {
  const auto made_up = [](int i) {
    return prefix(kInfiniteLifetime, kInfiniteLifetime, "2001:db8:" + std::to_string(500 + i) + "::");
  };
  const auto has = [&](std::string_view text) {
    const auto prefixes = table_.prefixes_of(kStart, 0);
    return std::ranges::find(prefixes, Ipv6Prefix::parse(text).value()) != prefixes.end();
  };
  const auto ours = prefix(kInfiniteLifetime, kInfiniteLifetime);
  EXPECT_FALSE(table_.advertise(kStart, 0, ours));
  for (int i = 0; i < 40; ++i) table_.advertise(kStart + 1s, 0, made_up(i));
  EXPECT_THAT(table_.standing(kStart, everyone), SizeIs(AddressTable::kMostAddresses));
  EXPECT_TRUE(has("2001:db8:100::/64"));
  for (auto later = 30min; later <= 60min; later += 30min) table_.advertise(kStart + later, 0, ours);
  const auto fresh = prefix(600, 300, "2001:db8:200::");
  EXPECT_EQ(table_.advertise(kStart + 1h, 0, fresh), "too-many-prefixes");
  EXPECT_FALSE(table_.advertise(kStart + 1h + 1s, 0, fresh));
  EXPECT_THAT(table_.standing(kStart, everyone), SizeIs(AddressTable::kMostAddresses));
  EXPECT_TRUE(has("2001:db8:200::/64"));
  EXPECT_TRUE(has("2001:db8:100::/64"));
}

}  // namespace
}  // namespace flowmob::core
