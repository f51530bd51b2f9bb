// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <fstream>

#include "daemon/config/load_fixture_for_test.h"

namespace flowmob::daemon::config::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kPolicies = R"([[policy]]
name = "gold"
default = true

[[policy.rule]]
name = "web"
match = { protocol = "tcp", source_port = [80, "443-444"], source = ["2001:db8:c::/64", "2001:db8:d::1"] }
prefer = ["802.11", "mag1"]
hold_down = "5s"
max_round_trip = "100ms"
max_loss = 10
max_load = "1.5Mbit"
margin = 30

[[policy.rule]]
name = "film"
match = { service = "video" }
prefer = ["mag1"]
others = false
returns = false

[[policy.rule]]
name = "rest"
prefer = ["lte"]
)";

std::string lma_with(std::string_view policies) { return std::string(kLma) + "\n" + std::string(policies); }

std::vector<std::string> mistakes(std::string_view old, std::string_view replacement) {
  return errors_of(parse_policies(with(kPolicies, old, replacement), "p"));
}
std::vector<std::string> lma_mistakes(std::string_view old, std::string_view replacement) {
  return errors_of(parse_lma(lma_with(with(kPolicies, old, replacement)), "f"));
}

TEST(LoadPolicies, AWholePolicy) {
  const auto loaded = parse_lma(lma_with(kPolicies), "lma.toml");
  ASSERT_TRUE(loaded) << to_error(loaded.error()).message;
  ASSERT_EQ(loaded->core.flow_policies.size(), 1U);
  const auto& policy = *loaded->core.flow_policies[0];
  EXPECT_TRUE(policy.is_default);
  ASSERT_EQ(policy.rules.size(), 3U);
  const auto& web = *policy.rules[0];
  EXPECT_EQ(web.policy, "gold");
  EXPECT_THAT(web.prefer, ElementsAre(core::LinkPattern{"", wire::AccessTechnology::Wlan},
                                      core::LinkPattern{"mag1", {}}));
  EXPECT_EQ(web.limits, (core::LinkLimits{100ms, 10, 1'500'000, 30}));
  EXPECT_EQ(web.hold_down, 5s);
  ASSERT_EQ(web.flow->alternatives.size(), 3U);
  EXPECT_EQ(web.flow->selector.next_header, (wire::Range<std::uint8_t>{6, 6}));
  EXPECT_EQ(web.flow->selector.source_port, (wire::Range<std::uint16_t>{80, 80}));
  EXPECT_EQ(web.flow->alternatives[2].source_port, (wire::Range<std::uint16_t>{443, 444}));
  EXPECT_EQ(policy.rules[1]->service, "video");
  EXPECT_FALSE(policy.rules[1]->others || policy.rules[1]->returns || policy.rules[1]->flow);
  EXPECT_TRUE(policy.rules[2]->governs_default());
  EXPECT_EQ(policy.rules[2]->hold_down, 10s);
}

TEST(LoadPolicies, AFileMayHaveNothingElse) {
  const auto alone = parse_policies(kPolicies, "p");
  ASSERT_TRUE(alone) << to_error(alone.error()).message;
  const auto anchor = parse_lma(kLma, "lma.toml").value().core;
  EXPECT_EQ(parse_policies(kPolicies, "p", &anchor).value(), *alone);
  EXPECT_EQ(parse_policies(lma_with(kPolicies), "f").value(), *alone);
  EXPECT_THAT(
      errors_of(parse_policies(with(kPolicies, "\"mag1\"]\nothers", "\"mga1\"]\nothers"), "p", &anchor)),
      ElementsAre(HasSubstr("p:18:11: unknown MAG or access technology 'mga1'; expected 'mag1'")));
}

TEST(LoadPolicies, SayWhatIsWrongAndWhere) {
  EXPECT_THAT(mistakes("name = \"rest\"\n", "name = \"web\"\n"),
              ElementsAre("p:23:8: rule name 'web' is already used at line 6; expected each rule name once"));
  EXPECT_THAT(
      mistakes("match = { service = \"video\" }\n", ""),
      ElementsAre("p:15:1: rules stand behind 'film', which is for all that no other matches; expected "
                  "'match' here, or the rule at the end of its policy"));
  EXPECT_THAT(mistakes("{ service = \"video\" }", "{ service = \"video\", dscp = 46 }"),
              ElementsAre(HasSubstr("p:17:21: a service says itself which packets are its flows'")));
  EXPECT_THAT(mistakes("{ service = \"video\" }", "{ }"),
              ElementsAre(HasSubstr("p:17:9: the match has no condition")));
  EXPECT_THAT(mistakes("prefer = [\"lte\"]", "prefer = []"),
              ElementsAre(HasSubstr("p:24:10: 'prefer' is empty")));
  EXPECT_THAT(
      mistakes("\"443-444\"", "\"444-443\""),
      ElementsAre(HasSubstr("p:7:43: an array is not allowed here; expected a number from 0 to 65535 or a "
                            "range such as \"10-19\", or a list of such")));
  EXPECT_THAT(mistakes("\"1.5Mbit\"", "\"1.5MB\""), ElementsAre(HasSubstr("p:12:12: the string '1.5MB'")));
  EXPECT_THAT(mistakes("prefer = [\"lte\"]", "prefer = [\"lte\"]\nsplit = [3, 1]"),
              ElementsAre(HasSubstr("p:25:9: 2 shares for 1 links; expected a share for each of 'prefer'")));
  EXPECT_THAT(mistakes("prefer = [\"lte\"]", "prefer = [\"lte\"]\nsplit = [0]"),
              ElementsAre(HasSubstr("no link has a share; expected a share that is not zero")));
  EXPECT_THAT(mistakes("prefer = [\"lte\"]", "prefer = [\"lte\"]\nsplit = [1001]"),
              ElementsAre(HasSubstr("p:25:10: the integer 1001")));
  EXPECT_THAT(mistakes("prefer = [\"lte\"]", "prefer = [\"lte\"]\nsplit = [1]\nredundant = true"),
              ElementsAre(HasSubstr("'split' and 'redundant' contradict each other")));
  EXPECT_THAT(mistakes("name = \"rest\"\n", "name = \"rest\"\nmatch = { dscp = 64 }\n"),
              ElementsAre(HasSubstr("p:24:18: the integer 64 is not allowed here; expected at most 63")));
  EXPECT_THAT(mistakes("\"tcp\"", "\"icmpv6\""), ElementsAre(HasSubstr("p:7:22: ICMP has no ports")));
}

TEST(LoadPolicies, ReferToWhatThereIs) {
  EXPECT_THAT(lma_mistakes("{ service = \"video\" }", "{ service = \"vidoe\" }"),
              ElementsAre(HasSubstr("unknown service 'vidoe'; expected 'video'")));
  EXPECT_THAT(lma_mistakes("{ service = \"video\" }", "{ service = \"internet\" }"),
              ElementsAre(HasSubstr("the service 'internet' has no flows")));
  EXPECT_THAT(lma_mistakes("name = \"web\"", "name = \"video\""),
              ElementsAre(HasSubstr("'video' is a flow of the service 'video'; expected a name of its own")));
  EXPECT_THAT(lma_mistakes("default = true", "mobile_nodes = [\"mn1@example.nte\"]"),
              ElementsAre(HasSubstr("unknown mobile node 'mn1@example.nte'; expected 'mn1@example.net'")));
}

TEST(LoadPolicies, ANodeHasRoomForSixtyFourSelectors) {
  std::string ports;
  for (int i = 0; i < 63; ++i) ports += (i == 0 ? "" : ", ") + std::to_string(1000 + i);
  const auto with_ports = [&](const std::string& more) { return "{ source_port = [" + ports + more + "] }"; };
  const std::string_view old =
      "{ protocol = \"tcp\", source_port = [80, \"443-444\"], source = [\"2001:db8:c::/64\", "
      "\"2001:db8:d::1\"] }";
  EXPECT_TRUE(lma_mistakes(old, with_ports("")).empty()) << "and the flow of its service";
  EXPECT_THAT(
      lma_mistakes(old, with_ports(", 5")),
      ElementsAre(HasSubstr("the rules come to 64 selectors, and the services of 'mn1@example.net' have 1 "
                            "flows; expected at most 64 a node")));
  EXPECT_TRUE(mistakes(old, with_ports(", 5")).empty());
  EXPECT_THAT(mistakes(old, with_ports(", 5, 6")), ElementsAre(HasSubstr("the match comes to 65 selectors")));
}

/// They would be gigabytes.
TEST(LoadPolicies, OfAFileThatIsRefusedNoSelectorsAreMade) {
  std::string ports = "1";
  for (int i = 2; i <= 10'000; ++i) ports += ", " + std::to_string(i);
  const auto match = "{ source_port = [" + ports + "], destination_port = [" + ports + "] }";
  EXPECT_THAT(lma_mistakes("{ service = \"video\" }", match),
              ::testing::Contains(HasSubstr("the match comes to 1000000 selectors")));
}

TEST(LoadPolicies, AMatchOfNothingIsRefused) {
  EXPECT_FALSE(mistakes("{ service = \"video\" }", "{ source_port = [] }").empty());
  EXPECT_FALSE(mistakes("{ service = \"video\" }", "{ source_name = [] }").empty());
}

TEST(LoadPolicies, OfManyMobileNodesAFewAreNamed) {
  core::LmaConfig anchor = parse_lma(kLma, "lma.toml").value().core;
  for (int i = 0; i < 300'000; ++i) anchor.mobile_nodes.emplace_back().mn_id = std::to_string(i);
  const auto errors = errors_of(
      parse_policies(with(kPolicies, "default = true", "mobile_nodes = [\"somebody\"]"), "p", &anchor));
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_THAT(errors[0], HasSubstr("unknown mobile node 'somebody'; expected one of 0, 1, "));
  EXPECT_TRUE(errors[0].ends_with(", ...")) << errors[0];
  EXPECT_LT(errors[0].size(), 300U);
}

TEST(LoadPolicies, AnAnchorsFileIsMeasuredByTheAnchorThatRuns) {
  auto running = parse_lma(kLma, "lma.toml").value().core;
  running.mags[0].name = "renamed";
  EXPECT_THAT(errors_of(parse_policies(lma_with(kPolicies), "f", &running)),
              ::testing::Each(HasSubstr("unknown MAG or access technology 'mag1'")));
  running = parse_lma(kLma, "lma.toml").value().core;
  core::ServiceProfile many{"many", "many", {}, false};
  for (int i = 0; i < 61; ++i) many.flows.push_back(core::FlowTemplate{"f" + std::to_string(i), 9, {}});
  running.services.push_back(many);
  running.mobile_nodes[0].services = {"many"};
  EXPECT_THAT(errors_of(parse_policies(lma_with(kPolicies), "f", &running)),
              ElementsAre(HasSubstr("the rules come to 4 selectors, and the services of "
                                    "'mn1@example.net' have 61 flows")));
  EXPECT_TRUE(parse_policies(lma_with(kPolicies), "f"));
}

TEST(LoadPolicies, OneOfThemIsTheDefault) {
  const std::string second =
      "[[policy]]\nname = \"silver\"\ndefault = true\ngroups = [\"staff\"]\n"
      "[[policy.rule]]\nname = \"rest\"\nprefer = [\"lte\"]\n";
  EXPECT_THAT(errors_of(parse_policies(std::string(kPolicies) + second, "p")),
              ElementsAre("p:27:11: the other default policy is at line 3; expected one default policy"));
}

class NamesFile : public ::testing::Test {
 protected:
  void write(std::string_view text) { std::ofstream(path_) << text; }
  void TearDown() override { std::filesystem::remove(path_); }
  std::vector<std::string> errors() { return errors_of(load()); }
  Loaded<Policies> load() {
    const auto text =
        with(kPolicies, "source = [\"2001:db8:c::/64\", \"2001:db8:d::1\"]", "source_name = \"films\"");
    return parse_policies(with(text, "default = true", "names = \"" + path_.string() + "\""), "p");
  }
  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("flowmob-names-" + std::to_string(::getpid()));
};

TEST_F(NamesFile, StandsForPrefixes) {
  write(
      "# names\nfilms 2001:db8:1::/48 2001:db8:2::/48  # two\n\nother\t2001:db8::/32\nfilms "
      "2001:db8:3::/48\n");
  const auto loaded = load();
  ASSERT_TRUE(loaded) << to_error(loaded.error()).message;
  const auto& web = *(*loaded)[0]->rules[0];
  EXPECT_EQ(web.flow->alternatives.size(), 5U) << "three prefixes, two ranges of ports";
  EXPECT_EQ(web.flow->selector.source->last.to_string(), "2001:db8:1:ffff:ffff:ffff:ffff:ffff");
}

TEST_F(NamesFile, StandsForPrefixesOfIpv4Too) {
  write("films 192.0.2.0/24 192.0.3.1 2001:db8::7\n");
  const auto loaded = load();
  ASSERT_TRUE(loaded) << to_error(loaded.error()).message;
  EXPECT_EQ((*loaded)[0]->rules[0]->flow->alternatives.size(), 5U) << "three prefixes, two ranges of ports";
  const auto& source = *(*loaded)[0]->rules[0]->flow->selector.source;
  EXPECT_EQ(source.first, to_mapped(Ipv4Address::parse("192.0.2.0").value()));
  EXPECT_EQ(source.last, to_mapped(Ipv4Address::parse("192.0.2.255").value()));
}

TEST(LoadPolicies, AddressesAreOfEitherFamilyNotOfBoth) {
  const auto source_of = [](std::string_view text) {
    return parse_policies(with(kPolicies, "source = [\"2001:db8:c::/64\", \"2001:db8:d::1\"]",
                               "source = \"" + std::string(text) + "\""),
                          "p");
  };
  for (const auto* text : {"192.0.2.1", "192.0.2.0/24", "192.0.2.1-192.0.2.9"}) {
    const auto loaded = source_of(text);
    ASSERT_TRUE(loaded) << text;
    EXPECT_TRUE(is_mapped((*loaded)[0]->rules[0]->flow->selector.source->last)) << text;
  }
  for (const auto* text : {"192.0.2.1/24", "192.0.2.0/33", "192.0.2.9-192.0.2.1", "192.0.2.1-2001:db8::1",
                           "::-192.0.2.1", "::/80"})
    EXPECT_THAT(errors_of(source_of(text)), ElementsAre(HasSubstr("expected an address, prefix or range")))
        << text;
}

TEST_F(NamesFile, MayBeAsLargeAsAConfiguration) {
  write("films 2001:db8:1::/48\n");
  std::filesystem::resize_file(path_, (32u << 20u) + 1);
  EXPECT_THAT(errors(), ::testing::Contains(HasSubstr(": larger than 32 MiB")));
}

TEST_F(NamesFile, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(errors(), ::testing::Contains(HasSubstr(path_.string() + ": no such file")));
  write("films\n");
  EXPECT_THAT(errors(),
              ::testing::Contains(HasSubstr("p:3:9: " + path_.string() + ":1:1: 'films': expected a name")));
  write("# x\nfilms 192.0.2.1/24\n");
  EXPECT_THAT(errors(), ::testing::Contains(HasSubstr(":2:7: '192.0.2.1/24': expected a name")));
  write("other 2001:db8::/32\n");
  EXPECT_THAT(errors(), ElementsAre(HasSubstr("p:7:74: no prefixes are known of the name 'films'")));
}

}  // namespace
}  // namespace flowmob::daemon::config::testing
