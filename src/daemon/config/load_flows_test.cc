// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "daemon/config/load_fixture_for_test.h"

/// Flows that MAGs announce, and who decides where flows go.
namespace flowmob::daemon::config::testing {
namespace {

using core::Decider;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kFlow = R"(
[[access.flow]]
name = "web"
priority = 10
protocol = "udp"
source_port = 8080
)";

std::string mag_with(std::string_view flows) {
  const auto at = kMag.find("[[mobile_node]]");
  return std::string(kMag.substr(0, at)) + std::string(flows) + "\n" + std::string(kMag.substr(at));
}

std::vector<std::string> mistakes(const std::string& text) { return errors_of(parse_mag(text, "f")); }

TEST(LoadFlows, AreAnnouncedByTheirAccess) {
  const auto loaded = parse_mag(mag_with(kFlow), "f");
  ASSERT_TRUE(loaded) << to_error(loaded.error()).message;
  const auto& access = loaded->core.accesses.at(0);
  ASSERT_EQ(access.flows.size(), 1U);
  EXPECT_EQ(access.flows[0].flow.name, "web");
  EXPECT_EQ(access.flows[0].flow.priority, 10);
  EXPECT_EQ(access.flows[0].flow.selector.next_header->first, 17);
  EXPECT_EQ(access.flows[0].flow.selector.source_port->last, 8080);
  EXPECT_TRUE(access.flows[0].at_attachment);
  EXPECT_EQ(access.binding, (core::BindingNumber{1, {}}));
}

TEST(LoadFlows, OrByTheirNodeAndWhenACommandSaysSo) {
  const auto loaded = parse_mag(std::string(kMag) + R"(
[[mobile_node.flow]]
name = "voice"
priority = 5
dscp = 46
at_attachment = false
also_by = [2, 7]
)",
                                "f");
  ASSERT_TRUE(loaded) << to_error(loaded.error()).message;
  const auto& flows = loaded->core.mobile_nodes.at(0).flows;
  ASSERT_EQ(flows.size(), 1U);
  EXPECT_FALSE(flows[0].at_attachment);
  EXPECT_EQ(flows[0].also_by, (std::vector<std::uint16_t>{2, 7}));
}

TEST(LoadFlows, AFlowIsOfOneFamily) {
  const auto said = [](std::string_view more) {
    return mistakes(std::string(kMag) +
                    "\n[[mobile_node.flow]]\nname = \"voice\"\npriority = 5\nsource = \"192.0.2.0/24\"\n" +
                    std::string(more));
  };
  EXPECT_THAT(said("destination = \"198.51.100.1\"\n"), IsEmpty());
  EXPECT_THAT(said("destination = \"2001:db8::/64\"\n"),
              ElementsAre(::testing::HasSubstr("are of different families")));
  EXPECT_THAT(said("flow_label = 5\n"), ElementsAre(::testing::HasSubstr("IPv4 has no flow labels")));
}

TEST(LoadFlows, AFlowGoesByFourLinksAtMost) {
  const std::string flow = std::string(kFlow) + "also_by = [2, 3, 4]\n";
  EXPECT_THAT(mistakes(mag_with(flow)), IsEmpty());
  const auto found = mistakes(mag_with(std::string(kFlow) + "also_by = [2, 3, 4, 5]\n"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0], ::testing::HasSubstr("4 other links; expected at most 3"));
}

TEST(LoadFlows, TheBindingHasANumberAndAPriority) {
  const auto loaded = parse_mag(
      with(kMag, "name = \"wlan\"\n", "name = \"wlan\"\nbinding_id = 7\nbinding_priority = 10\n"), "f");
  ASSERT_TRUE(loaded) << to_error(loaded.error()).message;
  EXPECT_EQ(loaded->core.accesses.at(0).binding, (core::BindingNumber{7, std::uint8_t{10}}));
}

TEST(LoadFlows, MistakesAreSaidWithTheirPlaces) {
  EXPECT_THAT(mistakes(with(mag_with(kFlow), "= 10", "= 0")),
              ElementsAre("f:21:12: the integer 0 is not allowed here; expected 1 to 65535"));
  EXPECT_THAT(mistakes(with(mag_with(kFlow), "source_port", "sorce_port")),
              ElementsAre("f:23:1: unknown key 'sorce_port' in [[access.flow]]; expected 'source_port' "
                          "(did you mean that?)"));
  EXPECT_THAT(
      mistakes(with(mag_with(kFlow), "8080", "\"8081-8080\"")),
      ElementsAre("f:23:15: the string '8081-8080' is not allowed here; expected a number from 0 to 65535 or "
                  "a range such as \"10-19\""));
  EXPECT_THAT(mistakes(mag_with(std::string(kFlow) + std::string(kFlow))),
              ElementsAre("f:26:8: flow name 'web' is already used at line 20; expected each flow name once",
                          "f:27:12: priority '10' is already used at line 21; expected each priority once"));
  EXPECT_THAT(
      mistakes(mag_with("[[access.flow]]\nname = \"all\"\npriority = 1\n")),
      ElementsAre("f:18:1: the flow has no condition: it would match everything; expected protocol, source, "
                  "source_port or another; or `binding_priority` of the access"));
  EXPECT_THAT(mistakes(with(kMag, "name = \"wlan\"\n", "name = \"wlan\"\nbinding_priority = 128\n")),
              ElementsAre("f:12:20: the integer 128 is not allowed here; expected 1 to 127"));
}

TEST(LoadFlows, ANodesPriorityIsNoOtherFlows) {
  const auto text = mag_with(kFlow) + "\n[[mobile_node.flow]]\nname = \"voice\"\npriority = 10\ndscp = 46\n";
  EXPECT_THAT(mistakes(text),
              ElementsAre("f:31:12: the flow 'web' at line 21 has the same priority; expected each "
                          "priority once among a node's flows"));
  EXPECT_THAT(mistakes(with(text, "\"voice\"", "\"web\"")), IsEmpty()) << "it takes the other's place";
}

TEST(LoadFlows, NoMoreThanAnLmaHasRoomFor) {
  std::string many;
  for (int i = 1; i <= 65; ++i)
    many += fmt::format("[[access.flow]]\nname = \"f{0}\"\npriority = {0}\ndscp = 1\n", i);
  EXPECT_THAT(mistakes(mag_with(many)),
              ElementsAre("f:274:1: 65 flows to be announced; expected at most 64"));
}

TEST(LoadFlows, WhoDecidesIsTheNodesTheGroupsOrTheAnchors) {
  const std::string text(kLma);
  const auto decider = [](const std::string& file) {
    const auto loaded = parse_lma(file, "f");
    EXPECT_TRUE(loaded) << to_error(loaded.error()).message;
    return loaded ? core::decider_of(loaded->core, loaded->core.mobile_nodes.at(0)) : Decider::Anchor;
  };
  EXPECT_EQ(decider(text), Decider::Anchor);
  const auto whole = with(text, "[lma]\n", "[lma]\ndecider = \"mn\"\n");
  EXPECT_EQ(decider(whole), Decider::Gateways);
  const auto group = text + "group = \"vans\"\n\n[[group]]\nname = \"vans\"\ndecider = \"mn\"\n";
  EXPECT_EQ(decider(group), Decider::Gateways);
  EXPECT_EQ(decider(with(group, "group = \"vans\"", "group = \"vans\"\ndecider = \"lma\"")), Decider::Anchor);
  EXPECT_THAT(errors_of(parse_lma(with(whole, "\"mn\"", "\"me\""), "f")),
              ElementsAre("f:2:11: the string 'me' is not allowed here; expected \"lma\" or \"mn\""));
  EXPECT_THAT(
      errors_of(parse_lma(group + "\n[[group]]\nname = \"vans\"\n", "f")),
      ElementsAre("f:45:8: group name 'vans' is already used at line 41; expected each group name once"));
}

TEST(LoadFlows, AGatewayLooksAtNodesThatDecide) {
  const auto observes = [](const std::string& text) {
    const auto loaded = parse_mag(text, "f");
    EXPECT_TRUE(loaded) << to_error(loaded.error()).message;
    return std::pair(loaded->core.accesses.at(0).observes_flows,
                     loaded->core.mobile_nodes.at(0).observes_flows);
  };
  const std::string text(kMag), mn = "decider = \"mn\"\n", lma = "decider = \"lma\"\n";
  EXPECT_EQ(observes(text), std::pair(false, std::optional<bool>()));
  EXPECT_EQ(observes(text + mn), std::pair(false, std::optional(true)));
  const auto access = with(text, "name = \"wlan\"\n", "name = \"wlan\"\n" + mn);
  EXPECT_EQ(observes(access), std::pair(true, std::optional<bool>()));
  EXPECT_EQ(observes(access + lma), std::pair(true, std::optional(false)));
  EXPECT_THAT(mistakes(text + "decider = \"me\"\n"),
              ElementsAre("f:21:11: the string 'me' is not allowed here; expected \"lma\" or \"mn\""));
}

TEST(LoadFlows, HowFlowsMoveIsSaidByTheNodeItsGroupOrTheAnchor) {
  using core::MoveOrder;
  const std::string text(kLma);
  const auto order = [](const std::string& file) {
    const auto loaded = parse_lma(file, "f");
    EXPECT_TRUE(loaded) << to_error(loaded.error()).message;
    return loaded ? core::order_of(loaded->core, loaded->core.mobile_nodes.at(0)) : core::OrderConfig{};
  };
  EXPECT_EQ(order(text), (core::OrderConfig{MoveOrder::Gap, std::chrono::milliseconds(250)}));
  const auto whole = with(text, "[lma]\n", "[lma]\norder = \"now\"\ndeadline = \"40ms\"\n");
  EXPECT_EQ(order(whole), (core::OrderConfig{MoveOrder::Now, std::chrono::milliseconds(40)}));
  const auto group = whole + "group = \"vans\"\n\n[[group]]\nname = \"vans\"\norder = \"gap\"\n";
  EXPECT_EQ(order(group).order, MoveOrder::Gap);
  EXPECT_EQ(order(with(group, "group = \"vans\"", "group = \"vans\"\norder = \"now\"")).order,
            MoveOrder::Now);
}

TEST(LoadFlows, WhatSeveralBindingsMeanIsSaidByTheNodeItsGroupOrTheAnchor) {
  using core::SeveralBindings;
  const auto several = [](const std::string& file) {
    const auto loaded = parse_lma(file, "f");
    EXPECT_TRUE(loaded) << to_error(loaded.error()).message;
    return loaded ? core::several_bindings_of(loaded->core, loaded->core.mobile_nodes.at(0))
                  : SeveralBindings{};
  };
  const std::string text(kLma);
  EXPECT_EQ(several(text), SeveralBindings::Copies);
  const auto whole = with(text, "[lma]\n", "[lma]\nseveral_bindings = \"first\"\n");
  EXPECT_EQ(several(whole), SeveralBindings::First);
  const auto group =
      whole + "group = \"vans\"\n\n[[group]]\nname = \"vans\"\nseveral_bindings = \"copies\"\n";
  EXPECT_EQ(several(group), SeveralBindings::Copies);
  EXPECT_EQ(several(with(group, "group = \"vans\"", "group = \"vans\"\nseveral_bindings = \"first\"")),
            SeveralBindings::First);
}

constexpr std::string_view kPolicy = R"(
[[policy]]
name = "gold"
mobile_nodes = ["mn1@example.net"]

[[policy.rule]]
name = "rest"
prefer = ["mag1"]
)";

TEST(LoadFlows, APolicyIsForNodesThatItCanMove) {
  const auto text = std::string(kLma) + "decider = \"mn\"\n" + std::string(kPolicy);
  EXPECT_THAT(
      errors_of(parse_lma(text, "f")),
      ElementsAre("f:42:17: the MAGs decide where the flows of 'mn1@example.net' go: no rule does; expected "
                  "`decider = \"lma\"` for them, or no policy"));
  EXPECT_THAT(errors_of(parse_lma(with(text, "mobile_nodes = [\"mn1@example.net\"]", "default = true"), "f")),
              IsEmpty());
  const auto of_group = with(with(text, "mobile_nodes = [\"mn1@example.net\"]", "groups = [\"vans\"]"),
                             "decider = \"mn\"", "decider = \"mn\"\ngroup = \"vans\"");
  EXPECT_THAT(
      errors_of(parse_lma(of_group, "f")),
      ElementsAre("f:43:11: the MAGs decide where the flows of the group 'vans' go: no rule does; expected "
                  "`decider = \"lma\"` for them, or no policy"));
  const auto with_another = of_group + "\n[[mobile_node]]\nid = \"mn2\"\ngroup = \"vans\"\n";
  EXPECT_THAT(errors_of(parse_lma(with_another, "f")), IsEmpty());
}

}  // namespace
}  // namespace flowmob::daemon::config::testing
