// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdlib>
#include <limits>

#include "scenario.h"

namespace flowmob::sim {
namespace {

constexpr std::uint64_t kSeeds = 40;

/// A life by chance: links come and go, flows move, daemons die, signalling suffers. What has to hold is
/// checked after every event; in the end faults stop, and everybody has to agree.
class RandomLife {
 public:
  explicit RandomLife(std::uint64_t seed) : scenario_(options(seed)), random_(scenario_.domain.world.random) {
    is_rough_ = random_.chance(0.7);
    links_break_ = !is_rough_ || random_.chance(0.6);
    if (is_rough_) set_faults();
  }

  void remember_everything() { scenario_.domain.world.remembered = std::numeric_limits<std::size_t>::max(); }
  void live() {
    for (std::size_t node = 0; node < scenario_.domain.mns.size(); ++node)
      scenario_.start_traffic(node, 300ms);
    if (!links_break_) plug_all();
    while (scenario_.domain.world.queue.now() < kTurmoil) {
      act();
      scenario_.run(random_.between(10ms, random_.chance(0.3) ? 5s : 500ms));
    }
    calm_down();
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
  static constexpr Duration kSettle = 100s;  // lifetime, the longest pause between two PBUs, delete-wait

  static DomainOptions options(std::uint64_t seed) {
    DomainOptions options;
    options.seed = seed;
    options.nodes = 1 + seed % 3;
    options.mag = [](std::size_t, core::MagConfig& config) { config.lifetime = kLifetime; };
    return options;
  }

  /// Signalling that is lost while a link comes or goes is made good by retransmission, in the end by expiry.
  Duration outage() const { return is_rough_ ? Duration(kLifetime + 8s) : Duration(60ms); }

  void plug_all() {
    for (std::size_t node = 0; node < scenario_.domain.mns.size(); ++node)
      scenario_.checks.allow_outage(node, outage());
    scenario_.domain.plug_all();
  }

  void set_faults() {
    // An acknowledgement that is lost, or a binding that expires, is made good by what is sent next.
    scenario_.checks.tolerance = 10s;
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
    for (std::size_t node = 0; node < scenario_.domain.mns.size(); ++node)
      scenario_.checks.allow_outage(node, kLifetime + 20s);
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

/// FLOWMOB_SIM_SEED runs that life alone, FLOWMOB_SIM_SEEDS another number of them.
std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(RandomLives, KeepThePromise) {
  const auto only = number_from("FLOWMOB_SIM_SEED", 0);
  const auto first = only != 0 ? only : 1;
  const auto last = only != 0 ? only : number_from("FLOWMOB_SIM_SEEDS", kSeeds);
  unsigned failures = 0;
  for (auto seed = first; seed <= last && failures < 3; ++seed) {
    try {
      RandomLife life(seed);
      if (only != 0) life.remember_everything();
      life.live();
    } catch (const Broken& broken) {
      ++failures;
      ADD_FAILURE() << broken.what();
    }
  }
}

}  // namespace
}  // namespace flowmob::sim
