// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/load_fixture_for_test.h"

/// Prefixes of the networks behind mobile nodes (RFC 7148).
namespace flowmob::daemon::config::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kOwnPrefix = "prefixes = [\"2001:db8:100:7::/64\"]\n";

std::string delegating(std::string_view list, std::string_view more = {}) {
  return with(
      kLma, kOwnPrefix,
      std::string(kOwnPrefix) + "delegated_prefixes = [" + std::string(list) + "]\n" + std::string(more));
}

std::vector<std::string> delegating_mistakes(std::string_view list, std::string_view more = {}) {
  return errors_of(parse_lma(delegating(list, more), "f"));
}

TEST(DelegatedPrefixes, OfAnAnchorsNode) {
  const auto loaded = parse_lma(delegating("\"2001:db8:f00::/56\", \"2001:db8:f01::/64\""), "f");
  ASSERT_TRUE(loaded);
  EXPECT_THAT(loaded->core.mobile_nodes.at(0).delegated_prefixes,
              ElementsAre(Ipv6Prefix::parse("2001:db8:f00::/56").value(),
                          Ipv6Prefix::parse("2001:db8:f01::/64").value()));
  EXPECT_THAT(parse_lma(kLma, "f")->core.mobile_nodes.at(0).delegated_prefixes, IsEmpty());
}

TEST(DelegatedPrefixes, OfOtherLengthsAreRefused) {
  for (const std::string length : {"55", "65", "128"})
    EXPECT_THAT(delegating_mistakes("\"2001:db8:f00::/" + length + "\""),
                ElementsAre("f:38:23: the string '2001:db8:f00::/" + length +
                            "' is not allowed here; expected a unicast prefix of 56 to 64 bits"));
  EXPECT_THAT(
      delegating_mistakes("\"fe80::/64\""),
      ElementsAre("f:38:23: the string 'fe80::/64' is not allowed here; expected a unicast prefix of 56 "
                  "to 64 bits"));
}

TEST(DelegatedPrefixes, LieOutsideOfAllPools) {
  EXPECT_THAT(
      delegating_mistakes("\"2001:db8:f00::/64\", \"2001:db8:100:8::/64\""),
      ElementsAre("f:38:44: delegated prefix 2001:db8:100:8::/64 overlaps the pool 2001:db8:100::/48; "
                  "expected a prefix outside of all pools"));
}

TEST(DelegatedPrefixes, AreNobodyElses) {
  const std::string other =
      "\n[[mobile_node]]\nid = \"other\"\nprefixes = [\"2001:db8:f00::/64\"]\n"
      "delegated_prefixes = [\"2001:db8:f02:8::/61\"]\n";
  EXPECT_THAT(delegating_mistakes("\"2001:db8:f00::/60\"", other),
              ElementsAre("f:42:13: prefix 2001:db8:f00::/64 overlaps 2001:db8:f00::/60 at line 38; expected "
                          "each prefix apart from the others"));
  EXPECT_THAT(
      delegating_mistakes("\"2001:db8:f02::/56\"", other),
      ElementsAre("f:43:23: prefix 2001:db8:f02:8::/61 overlaps 2001:db8:f02::/56 at line 38; expected "
                  "each prefix apart from the others"));
  EXPECT_THAT(
      delegating_mistakes("\"2001:db8:f::/64\""),
      ElementsAre("f:3:11: the LMA's address 2001:db8:f::1 lies in 2001:db8:f::/64 (line 38), which is "
                  "for mobile nodes; expected an address outside of all pools and home network "
                  "prefixes"));
}

TEST(DelegatedPrefixes, AreFewAndOfIpv6) {
  EXPECT_THAT(delegating_mistakes("\"2001:db8:f00::/64\", \"2001:db8:f01::/64\", \"2001:db8:f02::/64\", "
                                  "\"2001:db8:f03::/64\", \"2001:db8:f04::/64\""),
              ElementsAre("f:38:22: 5 delegated prefixes for one node; expected at most 4"));
  EXPECT_THAT(delegating_mistakes("\"2001:db8:f00::/64\"", "ip_versions = \"ipv4\"\n"),
              ElementsAre("f:38:22: 'delegated_prefixes' of a node that has IPv4 alone; expected \"ipv6\" or "
                          "\"dual\" as `ip_versions`"));
}

TEST(DelegatedPrefixes, AGatewayAsksForThemByAccessAndNode) {
  const auto plain = parse_mag(kMag, "f");
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->core.accesses.at(0).delegates);
  EXPECT_FALSE(plain->core.mobile_nodes.at(0).delegates);
  const auto asking = with(kMag, "[[access]]\n", "[[access]]\ndelegated_prefixes = true\n");
  const auto loaded =
      parse_mag(with(asking, "[[mobile_node]]\n", "[[mobile_node]]\ndelegated_prefixes = false\n"), "f");
  ASSERT_TRUE(loaded) << errors_of(loaded).at(0);
  EXPECT_TRUE(loaded->core.accesses.at(0).delegates);
  EXPECT_EQ(loaded->core.mobile_nodes.at(0).delegates, false);
}

}  // namespace
}  // namespace flowmob::daemon::config::testing
