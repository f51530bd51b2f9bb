// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <iostream>
#include <map>

#include "anchor_runner.h"
#include "gateway_runner.h"
#include "shrink.h"

/// Random packets through the data plane and past the judge. FLOWMOB_DIFFERENCE_PACKETS says how many each
/// way, and FLOWMOB_DIFFERENCE_SEED where to begin; FLOWMOB_DIFFERENCE_FAILURES after how many that differ to
/// stop.
namespace flowmob::dataplane::testing {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

constexpr std::uint64_t kPacketsInAWorld = 500;

Frame random_frame(Way way, Chance& chance, const World& world) {
  switch (way) {
    case Way::Downlink:
      return random_downlink(chance, world);
    case Way::Uplink:
      return random_uplink(chance, world);
    case Way::GatewayDownlink:
      return random_gateway_downlink(chance, world);
    case Way::GatewayUplink:
      return random_gateway_uplink(chance, world);
  }
  return {};
}

class Difference : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(std::system("sysctl -qw net.ipv4.conf.core0.forwarding=1 net.ipv4.conf.acc1.forwarding=1"), 0);
    ip_command("address replace 203.0.113.2/24 dev acc1");
  }

  /// One world and its packets. False: one differs.
  bool live(Runner& runner, Way way, std::uint64_t first, std::uint64_t count) {
    Chance chance(seed_ * 1000003 + first);
    Trial trial{way, random_world(chance, static_cast<std::uint32_t>(first / kPacketsInAWorld + 1)), {}};
    const auto installed = runner.install(trial.world);
    EXPECT_TRUE(installed) << installed.error().message;
    Judge judge(trial.world);
    for (std::uint64_t i = 0; i < count; ++i) {
      const bool again = !trial.frames.empty() && chance.one_in(15);
      auto frame = again ? chance.one_of(trial.frames) : random_frame(way, chance, trial.world);
      trial.frames.push_back(std::move(frame));
      const auto expected = judge.expect(way, trial.frames.back());
      ++kinds_[expected.kind];
      const auto actual = runner.run(way, trial.frames.back());
      if (judge.difference(expected, actual).empty()) continue;
      ADD_FAILURE() << "packet " << first + i << " of seed " << seed_ << ": "
                    << describe(runner, shrink(runner, trial));
      return false;
    }
    return true;
  }

  template <class Opened>
  void live_through(Opened runner, Way way, std::initializer_list<const char*> kinds) {
    ASSERT_TRUE(runner) << runner.error().message;
    std::cout << "seed " << seed_ << ", " << packets_ << " packets" << std::endl;
    std::uint64_t failures = 0;
    for (std::uint64_t first = 0; first < packets_ && failures < most_failures_; first += kPacketsInAWorld)
      if (!live(**runner, way, first, std::min(kPacketsInAWorld, packets_ - first))) ++failures;
    for (const auto& [kind, count] : kinds_) std::cout << "  " << count << ' ' << kind << '\n';
    if (failures != 0 || packets_ < 50'000) return;
    for (const auto* kind : kinds)
      EXPECT_GT(kinds_[kind], packets_ / 5000) << kind << ": else it proves little";
  }

  const std::uint64_t seed_ = from_environment("FLOWMOB_DIFFERENCE_SEED", 1);
  const std::uint64_t packets_ = from_environment("FLOWMOB_DIFFERENCE_PACKETS", 100'000);
  const std::uint64_t most_failures_ = from_environment("FLOWMOB_DIFFERENCE_FAILURES", 3);
  std::map<std::string, std::uint64_t> kinds_;
};

TEST_F(Difference, AnchorsDownlinkIsAsTheReferenceSays) {
  live_through(
      TcAnchorRunner::open(), Way::Downlink,
      {"of-others", "no-packet", "of-no-node", "own-tunnel", "malformed", "last-hop", "no-flow", "policy",
       "no-session", "no-route", "too-big", "too-big-silent", "too-big-ipv4", "sent", "sent-quoted",
       "sent-first-fragment", "sent-later-fragment", "sent-lost-fragment", "sent-over-ipv4"});
}

TEST_F(Difference, AnchorsUplinkIsAsTheReferenceSays) {
  live_through(TcAnchorRunner::open(), Way::Uplink,
               {"of-others", "no-ip", "malformed", "no-tunnel", "outer-fragment", "inner-not-ipv6",
                "unknown-tunnel", "spoofed-source", "ecn", "emerged", "emerged-of-ipv4"});
}

TEST_F(Difference, GatewaysDownlinkIsAsTheReferenceSays) {
  live_through(
      TcGatewayRunner::open(), Way::GatewayDownlink,
      {"of-others", "no-packet", "not-ours", "no-tunnel", "malformed", "outer-fragment", "inner-not-ipv6",
       "unknown-tunnel", "not-hosted", "ecn", "last-hop", "delivered", "delivered-of-ipv4"});
}

TEST_F(Difference, GatewaysUplinkIsAsTheReferenceSays) {
  live_through(TcGatewayRunner::open(), Way::GatewayUplink,
               {"of-others", "no-ip", "malformed", "on-link", "mobility-header", "multicast-frame",
                "no-binding", "spoofed-mac", "spoofed-source", "last-hop", "too-big", "too-big-ipv4", "cut",
                "sent", "sent-over-ipv4"});
}

}  // namespace
}  // namespace flowmob::dataplane::testing
