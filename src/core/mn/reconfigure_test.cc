// SPDX-License-Identifier: Apache-2.0
// Members that come and go while the others are in use.
#include "core/mn/lif_fixture_for_test.h"
#include "core/mn/member_numbers.h"

namespace flowmob::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const MacAddress kMac3 = MacAddress::parse("02:00:00:00:01:03").value();
constexpr InterfaceIndex kIf3{13};
const MemberConfig kThird{"if3", wire::AccessTechnology::Eutran, kIf3, kMac3};

class LifMembers : public Lif {
 protected:
  LifMembers() { both_attached(); }

  Result<void> use(std::vector<MemberConfig> members, Duration drain = 1s) {
    auto config = configuration();
    config.members = std::move(members);
    return lif_.reconfigure(now_, config, drain);
  }
  MemberConfig first() { return configuration().members[0]; }
  MemberConfig second() { return configuration().members[1]; }
  std::vector<std::pair<std::uint32_t, bool>> rows() {
    std::vector<std::pair<std::uint32_t, bool>> found;
    for (const auto& row : asked<InstallMember>()) found.emplace_back(row.number, row.up);
    return found;
  }
  std::vector<std::uint32_t> removed() {
    std::vector<std::uint32_t> numbers;
    for (const auto& gone : asked<RemoveMember>()) numbers.push_back(gone.number);
    return numbers;
  }
  std::map<std::string, int> numbers() {
    std::map<std::string, int> found;
    const Json shown = links();
    for (const auto& link : shown["links"]) found[link["interface"]] = link["number"].get<int>();
    return found;
  }
};

TEST_F(LifMembers, ANewOneHasTheNextNumberAndWaitsForItsGateway) {
  ASSERT_TRUE(use({first(), second(), kThird}));
  EXPECT_THAT(rows(), ElementsAre(std::pair(2U, false)));
  EXPECT_THAT(events(), ElementsAre("member-added"));
  EXPECT_THAT(asked<SendSolicitation>(), IsEmpty());
  link(kIf3, true);
  EXPECT_THAT(asked<SendSolicitation>(), SizeIs(1));
  EXPECT_THAT(rows(), IsEmpty());
  advertise(kIf3);
  EXPECT_THAT(rows(), ElementsAre(std::pair(2U, true)));
  EXPECT_EQ(lif_.config().members[2].number, 2U);
}

TEST_F(LifMembers, ANewOneThatIsPreferredIsTheDefaultOnceItCanCarry) {
  ASSERT_TRUE(use({kThird, first(), second()}));
  link(kIf3, true);
  EXPECT_THAT(asked<InstallDefaultMember>(), IsEmpty());
  advertise(kIf3);
  EXPECT_EQ(asked<InstallDefaultMember>().back().number, 2U);
}

TEST_F(LifMembers, TheMtuIsAskedForAnewBecauseALinkMayCarryLess) {
  ASSERT_TRUE(use({first(), second(), kThird}));
  EXPECT_EQ(asked<SetInterfaceMtu>().back().mtu, 1460U);
}

TEST_F(LifMembers, OneThatLeavesCarriesNothingAndIsGoneAfterAWhile) {
  ASSERT_TRUE(use({second()}));
  EXPECT_THAT(rows(), ElementsAre(std::pair(0U, false)));
  EXPECT_EQ(asked<InstallDefaultMember>().back().number, 1U);
  EXPECT_THAT(removed(), IsEmpty()) << "what comes by it is still taken";
  EXPECT_THAT(events(), ElementsAre("member-leaving", "default-member"));
  EXPECT_TRUE(links()["links"][1]["leaving"].get<bool>());
  EXPECT_FALSE(links()["links"][1]["up"].get<bool>());
  pass(999ms);
  EXPECT_THAT(removed(), IsEmpty());
  pass(1ms);
  EXPECT_THAT(removed(), ElementsAre(0U));
  EXPECT_THAT(events(), ElementsAre("member-removed"));
  EXPECT_THAT(links()["links"], SizeIs(1));
}

TEST_F(LifMembers, AtOnceIfToldSoButOnlyAfterTheOthersHaveTheFlows) {
  ASSERT_TRUE(use({second()}, 0s));
  drain();
  const auto place = [this](auto is_it) {
    return std::ranges::find_if(effects_, is_it, &MnEffect::action) - effects_.begin();
  };
  const auto is = []<class T>(T*) {
    return [](const auto& action) { return std::holds_alternative<T>(action); };
  };
  EXPECT_LT(place(is(static_cast<InstallMember*>(nullptr))), place(is(static_cast<RemoveMember*>(nullptr))));
  EXPECT_LT(place(is(static_cast<InstallDefaultMember*>(nullptr))),
            place(is(static_cast<RemoveMember*>(nullptr))));
}

TEST_F(LifMembers, OneThatLeavesIsNeitherSolicitedNorHeard) {
  ASSERT_TRUE(use({second()}, 100s));
  forget();
  advertise(kIf1, {.prefix = "2001:db8:200::"});
  advertise(kIf1, {.lifetime = 0});
  link(kIf1, false);
  link(kIf1, true);
  pass(99s);
  EXPECT_THAT(asked<SendSolicitation>(), IsEmpty());
  EXPECT_THAT(asked<EnsureAddress>(), IsEmpty());
  EXPECT_THAT(events(), IsEmpty());
  EXPECT_EQ(drops("member-leaving"), 2U);
}

TEST_F(LifMembers, OneThatIsNamedAgainBeforeItHasLeftIsAsItWas) {
  ASSERT_TRUE(use({second()}));
  forget();
  ASSERT_TRUE(use({first(), second()}));
  EXPECT_THAT(rows(), ElementsAre(std::pair(0U, true))) << "at once: its gateway knows it";
  EXPECT_EQ(asked<InstallDefaultMember>().back().number, 0U);
  pass(5s);
  EXPECT_THAT(removed(), IsEmpty());
}

TEST_F(LifMembers, AnotherInterfaceOfTheSameNameIsNotWhatItWas) {
  ASSERT_TRUE(use({second()}));
  forget();
  auto other = first();
  other.index = InterfaceIndex{77};
  ASSERT_TRUE(use({other, second()}));
  EXPECT_THAT(rows(), ElementsAre(std::pair(0U, false)));
  EXPECT_THAT(asked<InstallDefaultMember>(), IsEmpty());
}

TEST_F(LifMembers, ANumberIsFreeOnlyWhenItsMemberHasLeft) {
  ASSERT_TRUE(use({second()}));
  ASSERT_TRUE(use({second(), kThird}));
  EXPECT_EQ(numbers(), (std::map<std::string, int>{{"if1", 0}, {"if2", 1}, {"if3", 2}}));
  pass(1s);
  ASSERT_TRUE(use({second(), kThird, first()}));
  EXPECT_EQ(numbers(), (std::map<std::string, int>{{"if1", 0}, {"if2", 1}, {"if3", 2}}));
  ASSERT_TRUE(use({kThird, second()}));
  pass(1s);
  EXPECT_EQ(numbers(), (std::map<std::string, int>{{"if2", 1}, {"if3", 2}})) << "for life";
}

TEST_F(LifMembers, TheNextDefaultIsAskedForEvenUnderTheFormersNumber) {
  link(kIf2, false);
  forget();
  ASSERT_TRUE(use({second()}, 0s));
  EXPECT_THAT(asked<InstallDefaultMember>(), IsEmpty()) << "there is none";
  ASSERT_TRUE(use({second(), kThird}));
  EXPECT_EQ(numbers().at("if3"), 0);
  link(kIf3, true);
  advertise(kIf3);
  EXPECT_THAT(asked<InstallDefaultMember>(), SizeIs(1));
}

TEST_F(LifMembers, APrefixThatOnlyItAdvertisedAges) {
  advertise(kIf1, {.valid = 600, .preferred = 300, .prefix = "2001:db8:200::"});
  forget();
  ASSERT_TRUE(use({second()}, 0s));
  const auto kept = asked<EnsureAddress>();
  ASSERT_THAT(kept, SizeIs(1)) << "the other prefix is advertised by another";
  EXPECT_EQ(kept[0].preferred_lifetime, 0U);
  EXPECT_EQ(kept[0].valid_lifetime, 600U);
  EXPECT_THAT(asked<RemoveAddress>(), IsEmpty());
  pass(600s);
  EXPECT_THAT(asked<RemoveAddress>(), SizeIs(1));
}

TEST_F(LifMembers, TheLastOneStaysAndThereIsRoomForEight) {
  EXPECT_EQ(use({}).error().code, "last-member");
  std::vector<MemberConfig> many{first(), second()};
  for (std::uint32_t number = 3; number <= 9; ++number)
    many.push_back({"more" + std::to_string(number), {}, InterfaceIndex{20 + number}, kMac3});
  EXPECT_EQ(use(many).error().code, "too-many-members");
  EXPECT_THAT(numbers(), SizeIs(2)) << "nothing is changed by a refusal";
  many.pop_back();
  EXPECT_TRUE(use(many));
}

TEST_F(LifMembers, NumbersAreKeptForThoseThatLeaveInHaste) {
  for (int turn = 0; turn < 40; ++turn) {
    std::vector<MemberConfig> members{second()};
    for (std::uint32_t number = 0; number < 7; ++number)
      members.push_back(
          {"t" + std::to_string(turn % 2) + std::to_string(number), {}, InterfaceIndex{20 + number}, kMac3});
    ASSERT_TRUE(use(members)) << turn;
    std::set<int> different;
    const Json shown = links();
    for (const auto& link : shown["links"]) different.insert(link["number"].get<int>());
    EXPECT_EQ(different.size(), shown["links"].size());
    EXPECT_LT(*different.rbegin(), static_cast<int>(kMemberNumbers));
  }
  EXPECT_EQ(use({second(), {"one", {}, InterfaceIndex{90}, kMac3}, {"two", {}, InterfaceIndex{91}, kMac3}})
                .error()
                .code,
            "too-many-members")
      << "until some have left";
}

TEST(MemberNumbers, AreThoseOfBeforeAndElseTheLowest) {
  std::vector<MemberConfig> members{
      {"a", {}, {}, {}, 3}, {"b", {}, {}, {}}, {"c", {}, {}, {}, 3}, {"d", {}, {}, {}, 99}};
  ASSERT_TRUE(number_members(members, {0}));
  EXPECT_EQ(members[0].number, 3U);
  EXPECT_EQ(members[1].number, 1U);
  EXPECT_EQ(members[2].number, 2U) << "it stood there twice";
  EXPECT_EQ(members[3].number, 4U) << "out of range";
  EXPECT_THAT(names_by_number(members), ElementsAre("", "b", "c", "a", "d"));
}

}  // namespace
}  // namespace flowmob::core
