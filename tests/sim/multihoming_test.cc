// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <set>

#include "scenario.h"

/// RFC 5213 section 5.4: interfaces with prefixes of their own, and flows that go by each other's gateways
/// (RFC 7864 section 3.2.2).
namespace flowmob::sim {
namespace {

DomainOptions not_sharing(std::size_t nodes) {
  DomainOptions options;
  options.nodes = nodes;
  options.lma = [](core::LmaConfig& config) { config.share_prefixes = false; };
  options.mag = [](std::size_t, core::MagConfig& config) {
    config.lifetime = 20s;
    for (auto& access : config.accesses) access.handoff_indicator = wire::HandoffIndicator::NewInterface;
  };
  return options;
}

struct Apart : Scenario {
  explicit Apart(std::size_t nodes) : Scenario(not_sharing(nodes)) {
    for (std::size_t node = 0; node < nodes; ++node) checks.allow_outage(node, 24h);
    domain.plug_all();
    run(2s);
  }
  /// Of all interfaces of a node, each with the MAG that serves it.
  std::set<std::pair<Ipv6Prefix, Ipv6Address>> links(std::size_t node) const {
    std::set<std::pair<Ipv6Prefix, Ipv6Address>> found;
    for (const auto& [key, record] : domain.lma->store())
      if (key.first == Domain::mn_id(node))
        for (const auto& session : record.sessions)
          if (!session.in_delete_wait) found.emplace(record.prefixes.at(0), session.mag);
    return found;
  }
  /// The prefix that the node has by its link to a MAG.
  Ipv6Prefix prefix_at(std::size_t mag) const {
    for (const auto& [prefix, at] : links(0))
      if (at == domain.mags[mag]->config().address) return prefix;
    return {};
  }
  Result<core::Json> move_all(const Ipv6Prefix& prefix, std::size_t mag) {
    return domain.lma->command("flow move", {{"flow", "*"},
                                             {"to", fmt::format("mag{}", mag)},
                                             {"mn", Domain::mn_id(0)},
                                             {"prefix", prefix.to_string()}});
  }
  /// The member by which a packet to the prefix arrives; -1: none.
  int down(const Ipv6Prefix& prefix) const {
    for (const auto& [address, row] : domain.mns[0]->tables.addresses())
      if (prefix.contains(address)) {
        const auto walk =
            domain.walk_down(0, Packet{Scenario::find("ping"), domain.correspondent(), address});
        return walk.delivered ? static_cast<int>(walk.member) : -1;
      }
    return -1;
  }
  bool forwards(std::size_t mag, const Ipv6Prefix& prefix) const {
    return std::ranges::any_of(domain.mags[mag]->store(), [&](const auto& row) {
      return std::ranges::count(row.second.off_link, prefix) != 0;
    });
  }
};

TEST(Multihoming, EachInterfaceHasItsPrefixAndKeepsIt) {
  Apart scenario(3);
  for (std::size_t node = 0; node < 3; ++node) {
    const auto links = scenario.links(node);
    ASSERT_EQ(links.size(), 2U);
    EXPECT_NE(links.begin()->first, links.rbegin()->first);
    EXPECT_NE(links.begin()->second, links.rbegin()->second);
    EXPECT_EQ(scenario.domain.mns[node]->tables.addresses().size(), 2U);
  }
  const auto before = scenario.links(0);
  scenario.run(300s);
  EXPECT_EQ(scenario.links(0), before);
}

TEST(Multihoming, AnInterfaceThatReturnsHasItsPrefixAgain) {
  Apart scenario(1);
  const auto before = scenario.links(0);
  scenario.domain.unplug({0, 0});
  scenario.run(3s);
  EXPECT_EQ(scenario.links(0).size(), 1U);
  scenario.domain.plug({0, 0});
  scenario.run(2s);
  EXPECT_EQ(scenario.links(0), before);
}

TEST(Multihoming, AFlowGoesByTheGatewayOfAnotherSetAndComesBack) {
  Apart scenario(1);
  const auto prefix = scenario.prefix_at(1);
  for (int turn = 0; turn < 3; ++turn) {
    ASSERT_TRUE(scenario.move_all(prefix, 0));
    scenario.run(100ms);
    EXPECT_EQ(scenario.down(prefix), 0);
    EXPECT_TRUE(scenario.forwards(0, prefix));
    ASSERT_TRUE(scenario.move_all(prefix, 1));
    scenario.run(1s);
    EXPECT_EQ(scenario.down(prefix), 1);
    EXPECT_FALSE(scenario.forwards(0, prefix)) << "it is taken back";
  }
  scenario.checks.require_agreement();
}

/// Whether the MAG has heard it nobody knows: what has not been said again is not believed, and is taken
/// back.
TEST(Multihoming, AnAcknowledgementThatIsLostMovesNothing) {
  for (const bool forever : {false, true}) {
    Apart scenario(1);
    const auto prefix = scenario.prefix_at(1);
    unsigned lost = 0;
    scenario.domain.network.lose_if([&](const core::SendMessage& message) {
      const bool is_answer = message.source == scenario.domain.mags[0]->config().address;
      return is_answer && (lost++ == 0 || forever);
    });
    ASSERT_TRUE(scenario.move_all(prefix, 0));
    scenario.run(500ms);
    EXPECT_TRUE(scenario.forwards(0, prefix)) << "it has heard";
    EXPECT_EQ(scenario.down(prefix), 1) << "the anchor does not know";
    scenario.run(2s);
    EXPECT_EQ(scenario.down(prefix), forever ? 1 : 0);
    scenario.domain.network.lose_if({});
    if (!forever) continue;
    scenario.run(25s);  // until the session has been registered anew
    EXPECT_FALSE(scenario.forwards(0, prefix));
    EXPECT_EQ(scenario.down(prefix), 1);
    scenario.checks.require_agreement();
  }
}

TEST(Multihoming, WhatHasLostItsLinkGoesByTheOtherGatewayUntilItIsBack) {
  Apart scenario(1);
  const auto prefix = scenario.prefix_at(1);
  scenario.domain.unplug({0, 1});
  scenario.run(1s);
  EXPECT_EQ(scenario.down(prefix), 0);
  scenario.domain.plug({0, 1});
  scenario.run(2s);
  EXPECT_EQ(scenario.down(prefix), 1);
  EXPECT_FALSE(scenario.forwards(0, prefix));
  scenario.checks.require_agreement();
}

TEST(Multihoming, NothingIsLeftOfAnySet) {
  Apart scenario(3);
  scenario.domain.unplug_all();
  scenario.run(60s);
  scenario.checks.require_empty();
}

}  // namespace
}  // namespace flowmob::sim
