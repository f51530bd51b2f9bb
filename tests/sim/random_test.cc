// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdlib>
#include <limits>

#include "scenario.h"

namespace flowmob::sim {
namespace {

constexpr std::size_t kLinesOfFailure = 200;
constexpr std::uint64_t kSeeds = 300;

/// FLOWMOB_SIM_SEED runs that life alone, FLOWMOB_SIM_SEEDS another number of them.
std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// A life by chance: links come and go, flows move, daemons die, signalling suffers. What has to hold is
/// checked after every event; in the end faults stop, and everybody has to agree.
class RandomLife {
 public:
  explicit RandomLife(std::uint64_t seed) : scenario_(options(seed)), random_(scenario_.domain.world.random) {
    is_rough_ = random_.chance(0.7);
    links_break_ = !is_rough_ || random_.chance(0.6);
    if (is_rough_) set_faults();
  }

  /// Without a trace; a life that fails is lived again to get one.
  void hurry() {
    scenario_.domain.world.remembered = 0;
    scenario_.domain.world.thorough = false;
  }
  void remember(std::size_t lines) { scenario_.domain.world.remembered = lines; }
  void live() {
    start_traffic(300ms);
    if (!links_break_) plug_all();
    while (scenario_.domain.world.queue.now() < kTurmoil) {
      act();
      scenario_.run(random_.between(10ms, random_.chance(0.3) ? 5s : 500ms));
    }
    calm_down();
    scenario_.traffic.stop();
    start_traffic(2s);
    scenario_.run(kSettle);
    scenario_.checks.require_agreement();
    scenario_.traffic.stop();
    scenario_.domain.unplug_all();
    scenario_.run(kSettle);
    scenario_.checks.require_empty();
  }

 private:
  static constexpr Duration kLifetime = 20s;
  static constexpr Duration kTurmoil = 60s;
  /// The longest that a message is under way: held back, jitter, the path, an effect's answer.
  static constexpr Duration kTransit = 1500ms + 30ms + 5ms + 20ms;
  /// Whatever becomes of signalling, an anchor sends to a gateway without the node for a lifetime at most.
  static constexpr Duration kBelief = kLifetime + kTransit;
  /// Three transmissions in a row are lost, with pauses of 1, 2 and 4 s (RFC 5213 section 6.9.4).
  static constexpr Duration kThreePauses = 1s + 2s + 4s + kTransit;
  /// Without faults: the de-registration's way, and what the contract allows for following it.
  static constexpr Duration kOneWay = 5ms;
  static constexpr Duration kFollow = 55ms;
  static constexpr Duration kSettle = 100s;  // lifetime, the longest pause between two PBUs, delete-wait

  static DomainOptions options(std::uint64_t seed) {
    DomainOptions options;
    options.seed = seed;
    options.nodes = 1 + seed % 3;
    options.mag = [](std::size_t, core::MagConfig& config) { config.lifetime = kLifetime; };
    // Four prefixes: what one node gives back another soon gets.
    options.lma = [](core::LmaConfig& config) {
      config.pools = {Ipv6Prefix::parse("2001:db8:100::/62").value()};
    };
    return options;
  }

  void start_traffic(Duration interval) {
    for (std::size_t node = 0; node < scenario_.domain.mns.size(); ++node)
      scenario_.start_traffic(node, interval);
  }

  /// Signalling that is lost while a link comes or goes is made good by retransmission, in the end by expiry.
  Duration outage() const { return is_rough_ ? kBelief : kOneWay + kFollow; }

  void allow_outages(Duration span) {
    for (std::size_t node = 0; node < scenario_.domain.mns.size(); ++node)
      scenario_.checks.allow_outage(node, span);
  }

  void plug_all() {
    allow_outages(outage());
    scenario_.domain.plug_all();
  }

  void set_faults() {
    scenario_.checks.tolerance = kThreePauses;
    auto& domain = scenario_.domain;
    const auto share = [&] { return static_cast<double>(random_.below(40)) / 100; };
    domain.network.faults = {share(), share(), share(), 5ms, random_.between(0ms, 30ms), 1500ms};
    domain.access.loss = share() / 2;
    if (random_.chance(0.5))
      for (auto& mag : domain.mags) mag->pump.slowest_answer = random_.between(1ms, 20ms);
    if (random_.chance(0.5)) domain.lma->pump.slowest_answer = random_.between(1ms, 20ms);
    for (auto& mag : domain.mags) mag->pump.clock.wall_skew = random_.between(-100ms, 100ms);
    if (!random_.chance(0.3)) return;
    scenario_.checks.rows_may_be_incomplete = true;
    // A request that was refused for want of room may be accepted as its own duplicate: the gateway has given
    // up.
    scenario_.checks.tolerance = kBelief;
    domain.lma->faults.probability = 0.05;
    for (auto& mag : domain.mags) mag->faults.probability = 0.05;
  }

  std::size_t any_node() { return random_.below(scenario_.domain.mns.size()); }
  std::size_t any_mag() { return random_.below(scenario_.domain.mags.size()); }
  Port any_port() { return {any_node(), random_.below(2)}; }

  void act() {
    switch (random_.below(is_rough_ ? 9 : 5)) {
      case 0:
      case 1:
      case 2:
        return toggle(any_port());
      case 3:
      case 4:
        return static_cast<void>(scenario_.domain.move_flow(any_node(), "video", any_mag()));
      case 5:
        return die(*scenario_.domain.lma);
      case 6:
        // One that dies while it registers a node leaves the anchor with a belief and itself without a
        // record.
        allow_outages(kBelief);
        return die(*scenario_.domain.mags[any_mag()]);
      case 7:
        return die(*scenario_.domain.mns[any_node()]);
      default:
        return power(any_mag());
    }
  }

  void toggle(Port port) {
    if (!links_break_) return;
    if (scenario_.domain.access.at(port)) return scenario_.fail_link(port, outage());
    if (!scenario_.domain.mags[port.member]->is_powered()) return;
    if (is_rough_) scenario_.checks.allow_outage(port.node, outage());
    scenario_.domain.plug(port);
  }

  template <class Node>
  void die(Node& node) {
    if (!node.is_running()) return;
    if (random_.chance(0.5))
      node.crash();
    else
      node.pump.fuse = 1 + static_cast<unsigned>(random_.below(20));
    scenario_.domain.world.queue.after(random_.between(10ms, 3s), [&node] { revive(node); });
  }

  template <class Node>
  static void revive(Node& node) {
    node.pump.fuse = 0;
    if (!node.is_running()) node.start();
  }
  static void revive(MagNode& node) {
    node.pump.fuse = 0;
    if (node.is_powered() && !node.is_running()) node.start();
  }

  void power(std::size_t mag) {
    if (!links_break_) return;
    allow_outages(kBelief);
    if (scenario_.domain.mags[mag]->is_powered())
      scenario_.domain.lose_power(mag);
    else
      scenario_.domain.regain_power(mag);
  }

  void calm_down() {
    auto& domain = scenario_.domain;
    domain.world.trace("test", "faults stop");
    domain.network.faults = {};
    domain.access.loss = 0;
    domain.lma->faults.probability = 0;
    revive(*domain.lma);
    for (std::size_t mag = 0; mag < domain.mags.size(); ++mag) {
      domain.mags[mag]->faults.probability = 0;
      if (!domain.mags[mag]->is_powered()) domain.regain_power(mag);
      revive(*domain.mags[mag]);
    }
    for (auto& mn : domain.mns) revive(*mn);
  }

  Scenario scenario_;
  Random& random_;
  bool is_rough_ = false;
  bool links_break_ = true;
};

/// Whether it was as it should be.
bool live_once(std::uint64_t seed, std::size_t lines, bool report) {
  try {
    RandomLife life(seed);
    if (lines == 0)
      life.hurry();
    else
      life.remember(lines);
    life.live();
    return true;
  } catch (const Broken& broken) {
    if (report) ADD_FAILURE() << broken.what();
    return false;
  }
}

TEST(RandomLives, KeepThePromise) {
  const auto only = number_from("FLOWMOB_SIM_SEED", 0);
  const auto first = only != 0 ? only : 1;
  const auto last = only != 0 ? only : number_from("FLOWMOB_SIM_SEEDS", kSeeds);
  unsigned failures = 0;
  for (auto seed = first; seed <= last && failures < 3; ++seed) {
    constexpr auto kAll = std::numeric_limits<std::size_t>::max();
    if (live_once(seed, only != 0 ? kAll : 0, only != 0)) continue;
    ++failures;
    const bool fails_again = only != 0 || !live_once(seed, kLinesOfFailure, true);
    EXPECT_TRUE(fails_again) << "seed " << seed << " fails by chance";
  }
}

}  // namespace
}  // namespace flowmob::sim
