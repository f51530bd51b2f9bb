// SPDX-License-Identifier: Apache-2.0
// Rules of a mobile node by who on it sends.
#include "daemon/config/load_fixture_for_test.h"

namespace flowmob::daemon::config::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Result<std::optional<std::uint32_t>> find_alice(std::string_view name) {
  if (name == "far-away") return fail("user-lookup-failed", "user 'far-away': Input/output error");
  return name == "alice" ? std::optional(1000U) : std::nullopt;
}

Loaded<MnSettings> rule_for(const std::string& match, const std::string& decider = "mn") {
  const std::string head = "[mn]\ninterface = \"vif0\"\ndecider = \"" + decider +
                           "\"\n[[member]]\ninterface = \"if1\"\n[[rule]]\nname = \"mine\"\n";
  const std::string action = decider == "mn" ? "prefer = [\"if1\"]\n" : "redundant = true\n";
  return parse_mn(head + "match = { " + match + " }\n" + action, "f", {{}, find_alice});
}

std::vector<std::string> mistakes_in(const std::string& match, const std::string& decider = "mn") {
  return errors_of(rule_for(match, decider));
}

const core::MemberRule& only_rule(const Loaded<MnSettings>& loaded) {
  return loaded.value().flows.rules.at(0);
}

core::Sender sender(std::string user, std::uint32_t first, std::uint32_t last, std::string cgroup = {}) {
  return {{{std::move(user), wire::Range<std::uint32_t>{first, last}}}, std::move(cgroup)};
}

TEST(LoadSenders, UsersByNameNumberAndRange) {
  const auto loaded = rule_for("user = ['alice', 33, '2000-2999', '7']");
  ASSERT_TRUE(loaded) << to_error(loaded.error()).message;
  EXPECT_THAT(only_rule(loaded).senders, ElementsAre(sender("alice", 1000, 1000), sender("33", 33, 33),
                                                     sender("2000-2999", 2000, 2999), sender("7", 7, 7)));
  EXPECT_EQ(only_rule(loaded).selectors.size(), 1U);
  EXPECT_THAT(mistakes_in("user = 4294967294"), IsEmpty());
}

TEST(LoadSenders, CgroupsWithAllElse) {
  const auto loaded =
      rule_for("cgroup = '/system.slice/a b@1.service', user = 'alice', dscp = 46, source_port = 5");
  ASSERT_TRUE(loaded) << to_error(loaded.error()).message;
  const auto& rule = only_rule(loaded);
  EXPECT_THAT(rule.senders, ElementsAre(sender("alice", 1000, 1000, "/system.slice/a b@1.service")));
  ASSERT_EQ(rule.selectors.size(), 1U);
  EXPECT_EQ(rule.selectors[0].traffic_class, (wire::Range<std::uint8_t>{46, 46}));
  EXPECT_EQ(rule.selectors[0].source_port, (wire::Range<std::uint16_t>{5, 5}));
  EXPECT_THAT(only_rule(rule_for("cgroup = ['/a', '/b']")).senders,
              ElementsAre(core::Sender{{}, "/a"}, core::Sender{{}, "/b"}));
  EXPECT_THAT(only_rule(rule_for("spi = 1")).senders, IsEmpty());
}

TEST(LoadSenders, AnUnknownUserIsAMistakeWhereItStands) {
  EXPECT_THAT(
      mistakes_in("user = ['alice', 'bob']"),
      ElementsAre("f:8:28: there is no user 'bob' on this machine; expected the name of a user, or a uid"));
  EXPECT_THAT(
      mistakes_in("user = 'bob'"),
      ElementsAre("f:8:18: there is no user 'bob' on this machine; expected the name of a user, or a uid"));
}

TEST(LoadSenders, AFailingNameServiceIsNotTakenForAnUnknownUser) {
  EXPECT_THAT(mistakes_in("user = ['far-away', 'alice']"),
              ElementsAre("f:8:19: the name service failed: user 'far-away': Input/output error"));
}

TEST(LoadSenders, WithoutAMachineNamesAreNotLookedFor) {
  const auto loaded = parse_mn(
      "[mn]\ninterface = \"vif0\"\ndecider = \"mn\"\n[[member]]\ninterface = \"if1\"\n[[rule]]\n"
      "name = \"mine\"\nmatch = { user = 'bob' }\nprefer = [\"if1\"]\n",
      "f");
  ASSERT_TRUE(loaded);
  EXPECT_THAT(only_rule(loaded).senders, ElementsAre(core::Sender{{{"bob", std::nullopt}}, ""}));
}

TEST(LoadSenders, WhatIsNoUser) {
  const std::string expected =
      " is not allowed here; expected a user's name, a uid from 0 to 4294967294, or a range of uids such as "
      "\"1000-1999\", or a list of such";
  for (const auto& [written, shown] :
       std::vector<std::pair<std::string, std::string>>{{"-1", "the integer -1"},
                                                        {"4294967295", "the integer 4294967295"},
                                                        {"'-1'", "the string '-1'"},
                                                        {"'9-1'", "the string '9-1'"},
                                                        {"''", "the string ''"},
                                                        {"'a:b'", "the string 'a:b'"},
                                                        {"'0x10'", "the string '0x10'"},
                                                        {"true", "the boolean true"},
                                                        {"1.5", "the number 1.5"}})
    EXPECT_THAT(mistakes_in("user = " + written), ElementsAre("f:8:18: " + shown + expected)) << written;
  EXPECT_EQ(mistakes_in("user = []").size(), 1U);
}

TEST(LoadSenders, WhatIsNoCgroup) {
  for (const char* written : {"''", "'/'", "'a'", "'/a/'", "'//a'", "'/a/../b'", "'/..'", "'/a/.'",
                              "\"/a\\u0000b\"", "7", "[]", "['/a', 'b']"}) {
    const auto mistakes = mistakes_in(std::string("cgroup = ") + written);
    ASSERT_EQ(mistakes.size(), 1U) << written;
    EXPECT_THAT(mistakes[0], ::testing::StartsWith("f:8:20: ")) << written;
    EXPECT_THAT(mistakes[0],
                ::testing::HasSubstr("expected a cgroup's path below the root of the hierarchy such as "
                                     "\"/system.slice/backup.service\""))
        << written;
  }
}

TEST(LoadSenders, WhereTheAnchorDecidesNobodyLooksAtSockets) {
  EXPECT_THAT(
      mistakes_in("user = 'alice', cgroup = '/a', dscp = 46", "lma"),
      ElementsAre("f:8:18: 'user' where the anchor decides, which does not know what sends here; expected "
                  "`decider = \"mn\"` in [mn], or no 'user'",
                  "f:8:36: 'cgroup' where the anchor decides, which does not know what sends here; expected "
                  "`decider = \"mn\"` in [mn], or no 'cgroup'",
                  "f:8:49: 'dscp' where the anchor decides, which does not know what sends here; expected "
                  "`decider = \"mn\"` in [mn], or no 'dscp'"));
}

TEST(LoadSenders, EachUserInEachCgroupIsASelector) {
  EXPECT_THAT(mistakes_in("user = [1,2,3], cgroup = ['/a','/b','/c'], spi = [1,2]"),
              ElementsAre("f:8:9: the rules come to 18 selectors; expected at most 16"));
}

}  // namespace
}  // namespace flowmob::daemon::config::testing
