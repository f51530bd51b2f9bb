// SPDX-License-Identifier: Apache-2.0
#include "scenario.h"
#include "wire/mobility_header.h"

namespace flowmob::sim {
namespace {

using core::SendMessage;

bool is_deregistration(const SendMessage& message) {
  const auto decoded = wire::decode(message.mobility_header, message.source, message.destination);
  const auto* pbu = decoded ? std::get_if<wire::ProxyBindingUpdate>(&*decoded) : nullptr;
  return pbu != nullptr && pbu->lifetime == 0;
}

/// The node's one interface goes from one gateway to the other, of the same access technology.
DomainOptions roaming() {
  DomainOptions options;
  options.mag = [](std::size_t, core::MagConfig& config) {
    config.lifetime = 20s;
    config.accesses[0].technology = wire::AccessTechnology::Wlan;
    config.accesses[0].services = {"internet"};
  };
  return options;
}

TEST(Order, AHandoffBetweenMagsKeepsTheAddress) {
  Scenario scenario(roaming());
  scenario.domain.plug({0, 1}, 1);
  scenario.run(2s);
  const auto prefixes = scenario.prefixes();
  ASSERT_EQ(prefixes.size(), 1U);
  scenario.fail_link({0, 1}, 200ms);
  scenario.domain.plug({0, 1}, 0);
  scenario.run(2s);
  scenario.checks.require_agreement();
  EXPECT_EQ(scenario.prefixes(), prefixes);
  EXPECT_EQ(scenario.down("web"), 1);
  scenario.run(30s);
  EXPECT_EQ(scenario.sessions(), 1U) << "the old session has gone or become the new one";
  scenario.checks.require_agreement();
}

/// A late goodbye of the old MAG must not kill the new binding (RFC 5213 section 5.3.5).
TEST(Order, ALateDeregistrationOfTheOldMagChangesNothing) {
  for (const Duration delay : {10ms, 100ms, 1000ms, 5000ms}) {
    Scenario scenario(roaming());
    scenario.domain.plug({0, 1}, 1);
    scenario.run(2s);
    std::vector<SendMessage> late;
    scenario.domain.network.lose_if([&](const SendMessage& message) {
      if (!is_deregistration(message)) return false;
      late.push_back(message);
      return true;
    });
    scenario.fail_link({0, 1}, 200ms);
    scenario.domain.plug({0, 1}, 0);
    scenario.run(delay);
    ASSERT_FALSE(late.empty());
    for (const auto& message : late) scenario.domain.network.inject(message);
    scenario.run(2s);
    EXPECT_EQ(scenario.down("web"), 1);
    scenario.run(30s);
    EXPECT_EQ(scenario.down("web"), 1);
    scenario.checks.require_agreement();
  }
}

/// Everything ever said is said again, at once and much later.
TEST(Order, ReplayedUpdatesChangeNothing) {
  Scenario scenario;
  scenario.attach_all();
  scenario.fail_link({0, 1}, 200ms);
  scenario.run(1s);
  scenario.domain.plug({0, 1});
  scenario.run(2s);
  ASSERT_TRUE(scenario.domain.move_flow(0, "video", 1));
  const auto rows = scenario.domain.lma->tables.contents();
  for (const Duration later : {Duration(1ms), Duration(10s), Duration(60s)}) {
    scenario.run(later);
    const auto before = scenario.domain.lma->records();
    const auto said = scenario.domain.network.sent();
    for (const auto& message : said) scenario.domain.network.inject(message);
    scenario.run(2s);
    EXPECT_EQ(scenario.domain.lma->tables.contents(), rows);
    EXPECT_EQ(scenario.domain.lma->records(), before);
    scenario.checks.require_agreement();
  }
}

TEST(Order, AStrangersUpdateIsNotObeyed) {
  Scenario scenario;
  scenario.attach_all();
  const auto rows = scenario.domain.lma->tables.contents();
  auto stranger = scenario.domain.network.sent().front();
  const auto decoded = wire::decode(stranger.mobility_header, stranger.source, stranger.destination);
  ASSERT_TRUE(decoded);
  stranger.source = Ipv6Address::parse("2001:db8:bad::1").value();
  stranger.mobility_header = wire::encode(*decoded, stranger.source, stranger.destination);
  scenario.domain.network.inject(stranger);
  scenario.run(1s);
  EXPECT_EQ(scenario.domain.lma->tables.contents(), rows);
}

/// An acknowledgement that answers nothing, or something long past.
TEST(Order, ReplayedAcknowledgementsChangeNothing) {
  Scenario scenario;
  scenario.domain.plug({0, 0});
  scenario.run(2s);
  const auto said = scenario.domain.network.sent();
  scenario.domain.unplug({0, 0});
  scenario.run(20s);
  for (const auto& message : said)
    if (message.source == scenario.domain.lma->config().address) scenario.domain.network.inject(message);
  scenario.run(1s);
  scenario.checks.require_empty();
}

}  // namespace
}  // namespace flowmob::sim
