// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "scenario.h"

/// RFC 5213 section 5.4: interfaces with prefixes of their own. No flow has two links then, and none is
/// promised.
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

TEST(Multihoming, NothingIsLeftOfAnySet) {
  Apart scenario(3);
  scenario.domain.unplug_all();
  scenario.run(60s);
  scenario.checks.require_empty();
}

}  // namespace
}  // namespace flowmob::sim
