// SPDX-License-Identifier: Apache-2.0
// Access networks, ways to the LMA, and GRE.
#include "daemon/config/load_fixture_for_test.h"

namespace flowmob::daemon::config::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Ipv6Address address_of(std::string_view text) { return Ipv6Address::parse(text).value(); }

TEST(LoadLma, AMagMayHaveSeveralAddressesAndGre) {
  std::string text(kLma);
  text.insert(text.find("[[service]]"), R"(care_of_addresses = ["2001:db8:a:2::1"]
gre = "on-demand"
)");
  const auto loaded = parse_lma(text, "lma.toml");
  ASSERT_TRUE(loaded) << to_error(loaded.error()).message;
  EXPECT_THAT(loaded->core.mags.at(0).care_of_addresses, ElementsAre(address_of("2001:db8:a:2::1")));
  EXPECT_EQ(loaded->core.mags.at(0).gre, core::GrePolicy::OnDemand);
  text.replace(text.find("2001:db8:a:2::1"), 15, "2001:db8:f::1");
  EXPECT_THAT(errors_of(parse_lma(text, "lma.toml")), ElementsAre(HasSubstr("is already used")));
}

TEST(LoadLma, GreIsNotRequiredOfAMagWithSeveralAddresses) {
  std::string text(kLma);
  text.insert(text.find("[[service]]"), R"(care_of_addresses = ["2001:db8:a:2::1"]
gre = "required"
)");
  EXPECT_THAT(errors_of(parse_lma(text, "lma.toml")),
              ElementsAre("lma.toml:18:7: 'gre' is required of 'mag1', which has 'care_of_addresses'; "
                          "expected \"on-demand\" or \"never\", or no 'care_of_addresses'"));
}

TEST(LoadLma, AFurtherAddressOfIpv4NeedsOneHere) {
  std::string text(kLma);
  text.insert(text.find("[[service]]"), "care_of_addresses = [\"::ffff:203.0.113.9\"]\n");
  EXPECT_THAT(
      errors_of(parse_lma(text, "lma.toml")),
      ElementsAre("lma.toml:14:11: 'mag1' is behind IPv4, and the LMA is not; expected 'ipv4_address' "
                  "in [lma]"));
  text.insert(text.find("core_interfaces"), "ipv4_address = \"203.0.113.1\"\n");
  EXPECT_TRUE(parse_lma(text, "lma.toml"));
}

TEST(LoadLma, AccessNetworksOfNodesAndServices) {
  const std::string text = std::string(kLma) + R"(networks = ["eduroam"]
operators = ["example.edu", "10415"]
)";
  const auto loaded = parse_lma(text, "lma.toml");
  ASSERT_TRUE(loaded) << to_error(loaded.error()).message;
  EXPECT_EQ(loaded->core.mobile_nodes[0].access, (core::AccessRule{{"eduroam"}, {"example.edu", "10415"}}));
  EXPECT_EQ(loaded->core.services[0].access, core::AccessRule{});
}

std::string with_access_keys(const std::string& keys) {
  std::string text(kMag);
  return text.insert(text.find("[[mobile_node]]"), keys + "\n");
}

TEST(LoadMag, AnAccessSaysWhatItsNetworkIs) {
  const auto loaded = parse_mag(with_access_keys(R"(network_name = "eduroam"
access_point = "ap-7"
operator = "example.edu"
location = "48.5,-11.25")"),
                                "mag.toml");
  ASSERT_TRUE(loaded) << to_error(loaded.error()).message;
  EXPECT_EQ(loaded->core.accesses.at(0).network,
            (core::AccessNetwork{"eduroam", "ap-7", "example.edu",
                                 wire::GeoLocation{48 * 32768 + 16384, -11 * 32768 - 8192}}));
}

TEST(LoadMag, WhatAnAccessNetworkCannotBe) {
  for (const char* wrong :
       {"location = \"91,0\"", "location = \"0,-180.1\"", "location = \"1\"", "location = \"nan,0\"",
        "location = \"1e1,0\"", "operator = \"4294967296\"", "operator = \"\"", "network_name = \"\"",
        "network_name = \"123456789012345678901234567890123\"", "access_point = \"a\""})
    EXPECT_EQ(errors_of(parse_mag(with_access_keys(wrong), "mag.toml")).size(), 1U) << wrong;
}

std::string with_paths(const std::string& paths, const std::string& gre = "") {
  std::string text(kMag);
  return text.insert(text.find("[[access]]"), gre + "\n" + paths + "\n");
}

constexpr const char* kTwoPaths = R"([[path]]
address = "2001:db8:b:2::1"
technology = "lte"
label = 11
[[path]]
address = "2001:db8:b::1")";

TEST(LoadMag, ThePathOfItsOwnAddressIsTheFirst) {
  const auto loaded = parse_mag(with_paths(kTwoPaths), "mag.toml");
  ASSERT_TRUE(loaded) << to_error(loaded.error()).message;
  EXPECT_THAT(loaded->core.paths, ElementsAre(core::PathConfig{address_of("2001:db8:b::1")},
                                              core::PathConfig{address_of("2001:db8:b:2::1"),
                                                               wire::AccessTechnology::Eutran, 11}));
}

TEST(LoadMag, WhatPathsCannotBe) {
  const auto said = [](const std::string& text) { return errors_of(parse_mag(text, "mag.toml")); };
  EXPECT_THAT(said(with_paths("[[path]]\naddress = \"2001:db8:b:2::1\"")),
              ElementsAre(HasSubstr("no [[path]] has the address 2001:db8:b::1 of [mag]")));
  EXPECT_THAT(said(with_paths(std::string(kTwoPaths) + "\n[[path]]\naddress = \"2001:db8:b:2::1\"")),
              ElementsAre(HasSubstr("is already used")));
  EXPECT_THAT(said(with_paths(kTwoPaths, "gre = \"with-keys\"")),
              ElementsAre(HasSubstr("'gre' with several paths")));
  EXPECT_THAT(
      said(with_paths(std::string(kTwoPaths) + "\n[[path]]\naddress = \"::ffff:192.0.2.7\"")),
      ElementsAre("mag.toml:18:11: a [[path]] over IPv4; expected an address of IPv6, or no [[path]]"));
}

TEST(LoadMag, GreMayGoOverIpv4) {
  std::string text = with_paths("", "gre = \"with-keys\"");
  text = with(with(text, "2001:db8:b::1", "::ffff:203.0.113.9"), "2001:db8:f::1", "::ffff:203.0.113.1");
  EXPECT_EQ(parse_mag(text, "mag.toml").value().core.gre, core::GreWish::Keys);
}

TEST(LoadMag, UdpIsForcedOverIpv4Alone) {
  const auto said = [](const std::string& text) { return errors_of(parse_mag(text, "mag.toml")); };
  const auto forced = with(std::string(kMag), "[mag]", "[mag]\nforce_ipv4_udp = true");
  EXPECT_THAT(said(forced), ElementsAre(HasSubstr("where the MAG's address is one of IPv6")));
  const auto over_ipv4 =
      with(with(forced, "2001:db8:b::1", "::ffff:203.0.113.9"), "2001:db8:f::1", "::ffff:203.0.113.1");
  EXPECT_TRUE(parse_mag(over_ipv4, "mag.toml").value().core.force_ipv4_udp);
  EXPECT_FALSE(parse_mag(kMag, "mag.toml").value().core.force_ipv4_udp);
  EXPECT_THAT(said(with(over_ipv4, "[[access]]", "gre = \"with-keys\"\n[[access]]")),
              ElementsAre(HasSubstr("'gre' where 'force_ipv4_udp' is on")));
}

TEST(LoadLma, UdpIsAcceptedByConfiguration) {
  EXPECT_FALSE(parse_lma(kLma, "lma.toml").value().core.accept_forced_ipv4_udp);
  const auto accepting = with(std::string(kLma), "[lma]", "[lma]\naccept_forced_ipv4_udp = true");
  EXPECT_TRUE(parse_lma(accepting, "lma.toml").value().core.accept_forced_ipv4_udp);
}

TEST(LoadMag, GreIsAskedForByConfiguration) {
  EXPECT_EQ(parse_mag(kMag, "mag.toml").value().core.gre, core::GreWish::None);
  EXPECT_EQ(parse_mag(with_paths("", "gre = \"with-keys\""), "mag.toml").value().core.gre,
            core::GreWish::Keys);
}

TEST(LoadRelay, KnowsItsServersAndItsAddressTowardsThem) {
  const auto relay = [](const std::string& keys) {
    return with(std::string(kMag), "[mag]", "[mag]\n" + keys);
  };
  const auto both = relay("dhcp_servers = [\"203.0.113.53\"]\ndhcp_relay_address = \"192.0.2.9\"");
  const auto core = parse_mag(both, "mag.toml").value().core;
  EXPECT_THAT(core.dhcp_servers, ElementsAre(Ipv4Address::parse("203.0.113.53").value()));
  EXPECT_EQ(core.dhcp_relay_address, Ipv4Address::parse("192.0.2.9").value());
  EXPECT_THAT(errors_of(parse_any(relay("dhcp_servers = [\"203.0.113.53\"]"), "f")),
              ElementsAre(HasSubstr("'dhcp_servers' without 'dhcp_relay_address'")));
  EXPECT_THAT(errors_of(parse_any(relay("dhcp_relay_address = \"192.0.2.9\""), "f")),
              ElementsAre(HasSubstr("'dhcp_relay_address' without 'dhcp_servers'")));
  EXPECT_THAT(
      errors_of(parse_any(relay("dhcp_servers = [\"224.0.0.1\"]\ndhcp_relay_address = \"192.0.2.9\""), "f")),
      ElementsAre(HasSubstr("f:2:17:")));
}

}  // namespace
}  // namespace flowmob::daemon::config::testing
