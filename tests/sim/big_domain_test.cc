// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdlib>

#include "sanitized.h"
#include "scenario.h"

namespace flowmob::sim {
namespace {

constexpr std::size_t kMags = 50;
/// FLOWMOB_SIM_NODES says otherwise.
std::size_t number_of_nodes() {
  const char* text = std::getenv("FLOWMOB_SIM_NODES");
  if (text != nullptr) return std::strtoull(text, nullptr, 10);
  return kIsSanitized ? 200 : 2000;
}
const std::size_t kNodes = number_of_nodes();

/// Two links each, on shared access links of fifty gateways.
DomainOptions big(std::size_t nodes) {
  DomainOptions options;
  options.nodes = nodes;
  options.mags = kMags;
  options.links = Links::Shared;
  options.mag = [](std::size_t, core::MagConfig& config) { config.lifetime = 60s; };
  options.lma = [](core::LmaConfig& config) {
    config.pools = {Ipv6Prefix::parse("2001:db8:100::/48").value()};
  };
  return options;
}

class BigDomain : public testing::Test {
 protected:
  BigDomain() : scenario(big(kNodes)) {
    domain.world.remembered = 0;
    domain.world.thorough = false;
    domain.network.remembered = 0;
  }

  /// Everybody within the span, evenly.
  void plug_all(Duration span) {
    for (std::size_t node = 0; node < kNodes; ++node)
      for (std::size_t member = 0; member < domain.members(); ++member)
        domain.world.queue.after(at(node, span), [this, node, member] { domain.plug({node, member}); });
    scenario.run(span + 5s);
  }

  static Duration at(std::size_t node, Duration span) {
    return span * static_cast<long>(node) / static_cast<long>(kNodes);
  }

  /// Break before make, to the next gateway.
  void roam(Port port) {
    const auto from = domain.access.at(port)->mag;
    scenario.fail_link(port, 60ms);
    domain.plug(port, (from + 1) % kMags);
  }

  Scenario scenario;
  Domain& domain = scenario.domain;
};

TEST_F(BigDomain, AllNodesComeRoamAndLeave) {
  plug_all(20s);
  scenario.checks.require_agreement();
  EXPECT_EQ(domain.lma->store().size(), kNodes);
  for (std::size_t node = 0; node < kNodes; ++node)
    domain.world.queue.after(at(node, 20s), [this, node] { roam({node, node % 2}); });
  scenario.run(30s);
  scenario.checks.require_agreement();
  EXPECT_EQ(domain.world.tally.handovers, kNodes);

  // one gateway's machine, and the anchor's daemon
  for (std::size_t node = 0; node < kNodes; ++node) scenario.checks.allow_outage(node, 70s);
  domain.lose_power(7);
  domain.lma->crash();
  scenario.run(3s);
  domain.lma->start();
  domain.regain_power(7);
  scenario.run(80s);
  scenario.checks.require_agreement();

  domain.unplug_all();
  scenario.run(70s);
  scenario.checks.require_empty();
  const auto& tally = domain.world.tally;
  fmt::print("simulated: {} nodes at {} gateways, {} handovers, {} flow moves, {} messages, {} events\n",
             kNodes, kMags, tally.handovers, tally.flow_moves, tally.messages, tally.events);
}

}  // namespace
}  // namespace flowmob::sim
