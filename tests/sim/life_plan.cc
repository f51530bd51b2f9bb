// SPDX-License-Identifier: Apache-2.0
#include "life_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "lies.h"
#include "life_policies.h"

namespace flowmob::sim {
namespace {

using namespace std::chrono_literals;

/// A kind and how often it comes, relative to the others.
struct Weight {
  ActionKind kind;
  unsigned weight;
};

class Planner {
 public:
  /// Each with chances of its own, so that what one of them draws does not change what the other does.
  explicit Planner(std::uint64_t seed) : random_(seed), kinds_(~seed) { plan_.seed = seed; }

  LifePlan make() {
    choose_domain();
    choose_faults();
    choose_prefixes();
    choose_handoffs();
    choose_weights();
    choose_decider();
    Duration now{};
    while (now < plan_.turmoil) {
      plan_.actions.push_back(action(now));
      now += random_.between(10ms, random_.chance(0.3) ? 5s : 500ms);
    }
    return std::move(plan_);
  }

 private:
  void choose_domain() {
    plan_.is_rough = random_.chance(0.7);
    plan_.links_break = !plan_.is_rough || random_.chance(0.6);
    plan_.nodes = 1 + random_.below(3);
    if (random_.chance(0.6)) choose_roaming();
    // Few prefixes: what one node gives back another soon gets; at times there are too few.
    plan_.pool_bits = static_cast<std::uint8_t>(random_.chance(0.1) ? 1 : 2);
    while ((std::size_t{1} << plan_.pool_bits) < plan_.nodes && !random_.chance(0.15)) ++plan_.pool_bits;
  }

  void choose_roaming() {
    plan_.links = Links::Shared;
    plan_.mags = 2 + random_.below(4);
    plan_.members = 1 + random_.below(3);
    plan_.nodes = 1 + random_.below(6);
    plan_.links_break = true;
    if (!random_.chance(0.02)) return;
    plan_.mags = 20;
    plan_.nodes = 40;
    plan_.turmoil = 40s;
  }

  void choose_prefixes() {
    if (kinds_.chance(0.3)) plan_.own_prefixes = 1 + kinds_.below(3);
    plan_.share_prefixes = !kinds_.chance(0.2);
    if (plan_.share_prefixes) return;
    // for each interface, and for some that have just left
    const auto wanted = 2 * plan_.nodes * plan_.members + 1;
    while ((std::size_t{1} << plan_.pool_bits) < wanted) ++plan_.pool_bits;
  }

  /// Of an anchor that talks nonsense a gateway may believe that it decides itself.
  void choose_decider() {
    if (!plan_.share_prefixes || plan_.has_nonsense) return;
    plan_.nodes_decide = plan_.seed % 4 == 1;
    plan_.gateways_announce = plan_.seed % 4 == 3;
  }

  void choose_handoffs() {
    using enum wire::HandoffIndicator;
    if (kinds_.chance(0.2)) plan_.hold_unknown = kinds_.chance(0.5);
    if (kinds_.chance(0.6)) return;
    std::vector<wire::HandoffIndicator> known{NewInterface, HandoffBetweenMags, Unknown,
                                              NewInterfaceSharingPrefixes};
    if (plan_.members == 1 || (plan_.members == 2 && plan_.share_prefixes))
      known.push_back(HandoffBetweenInterfaces);
    plan_.handoffs.clear();
    for (auto some = 1 + kinds_.below(3); some > 0; --some)
      plan_.handoffs.push_back(known[kinds_.below(known.size())]);
  }

  void choose_faults() {
    plan_.skews.assign(plan_.mags, {});
    plan_.has_liar = random_.chance(0.2);
    if (!plan_.is_rough) return;
    const auto share = [&] { return static_cast<double>(random_.below(40)) / 100; };
    plan_.faults = {share(), share(), share(), 5ms, random_.between(0ms, 30ms), 1500ms};
    plan_.access_loss = share() / 2;
    if (random_.chance(0.5)) plan_.slow_mags = random_.between(1ms, 20ms);
    if (random_.chance(0.5)) plan_.slow_lma = random_.between(1ms, 20ms);
    for (auto& skew : plan_.skews) skew = random_.between(-100ms, 100ms);
    plan_.has_clock_steps = random_.chance(0.15);
    plan_.has_nonsense = random_.chance(0.1);
    plan_.effects_fail = random_.chance(0.2);
  }

  void choose_weights() {
    using enum ActionKind;
    const bool roams = plan_.links == Links::Shared;
    weights_ = {{MoveFlow, 4}, {ForgeRs, 1}};
    if (plan_.links_break) add({{Plug, 5}, {Unplug, 3}, {Flap, 1}});
    if (roams) add({{Plug, 5}});
    if (plan_.has_liar) add({{Lie, 4}});
    if (!plan_.is_rough) return;
    add({{KillLma, 2}, {KillMag, 2}, {KillMn, 2}, {Replay, 1}});
    if (plan_.links_break)
      add({{PowerOff, 1}, {Fade, 2}, {Partition, 1}, {LmaLosesAll, 1}, {LoseRecords, 1}});
    if (plan_.has_clock_steps) add({{StepMagClock, 2}, {StepLmaClock, 1}});
    if (plan_.has_nonsense) add({{Nonsense, 2}});
  }

  void add(std::initializer_list<Weight> more) { weights_.insert(weights_.end(), more); }

  ActionKind any_kind() {
    unsigned sum = 0;
    for (const auto& row : weights_) sum += row.weight;
    auto left = random_.below(sum);
    for (const auto& row : weights_) {
      if (left < row.weight) return row.kind;
      left -= row.weight;
    }
    return weights_.front().kind;
  }

  Action action(Duration now) {
    Action a{
        now, any_kind(), random_.below(plan_.nodes), random_.below(plan_.members), random_.below(plan_.mags),
        {},  0};
    using enum ActionKind;
    switch (a.kind) {
      case KillLma:
      case KillMag:
      case KillMn:
        a.number = random_.chance(0.5) ? 0 : 1 + random_.below(20);
        a.span = random_.between(10ms, 3s);
        break;
      case Flap:
        a.number = 2 + random_.below(8);
        a.span = random_.between(1ms, 60ms);
        break;
      case Fade:
      case PowerOff:
      case Partition:
      case LmaLosesAll:
      case LoseRecords:
      case Nonsense:
        a.span = random_.between(100ms, 8s);
        break;
      case StepMagClock:
      case StepLmaClock:
        a.span = random_.chance(0.5) ? random_.between(-2s, 2s) : random_.between(-24h, 24h);
        a.number = 1 + random_.below(20);
        break;
      case Lie:
        a.number = random_.below(kLies);
        break;
      case ForgeRs:
        a.number = random_.below(kForgeries);
        break;
      case Replay:
        a.number = random_.below(200);
        break;
      default:
        break;
    }
    return a;
  }

  Random random_, kinds_;
  LifePlan plan_;
  std::vector<Weight> weights_;
};

const char* name_of(ActionKind kind) {
  constexpr const char* kNames[] = {"plug",
                                    "unplug",
                                    "fade",
                                    "flap",
                                    "move video of",
                                    "kill lma",
                                    "kill mag",
                                    "kill mn",
                                    "power off",
                                    "restart without records",
                                    "lma loses all",
                                    "step the clock of mag",
                                    "step the clock of the lma",
                                    "cut off mag",
                                    "lie about",
                                    "forge a solicitation of",
                                    "replay",
                                    "nonsense"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace

std::string to_string(const Action& a) {
  const auto ms = [](Duration d) { return std::chrono::duration<double, std::milli>(d).count(); };
  return fmt::format("{:>9.1f} ms  {:<24} mn{} if{} mag{}  span {:.1f} ms, number {}", ms(a.at),
                     name_of(a.kind), a.node, a.member, a.mag, ms(a.span), a.number);
}

bool LifePlan::confuses_interfaces() const {
  return members > 1 && std::ranges::count(handoffs, wire::HandoffIndicator::HandoffBetweenInterfaces) != 0;
}

std::string LifePlan::describe() const {
  std::string kinds = own_prefixes == 0 ? "" : fmt::format("{} prefixes of each node's own, ", own_prefixes);
  if (!share_prefixes) kinds += "interfaces apart, ";
  for (const auto& policy : policies_of_life(seed)) kinds += fmt::format("{} rules, ", policy->rules.size());
  if (nodes_decide) kinds += "nodes decide, ";
  if (gateways_announce) kinds += "gateways announce, ";
  if (hold_unknown) kinds += *hold_unknown ? "unknown handoffs held, " : "unknown handoffs not held, ";
  kinds += "handoffs";
  for (const auto handoff : handoffs) kinds += fmt::format(" {}", static_cast<unsigned>(handoff));
  return kinds + "; " +
         fmt::format(
             "{} nodes with {} links {}, {} gateways, {} prefixes{}{}{}{}; loss {}, duplicates {}, reordered "
             "{}, "
             "jitter {} us, "
             "Neighbor Discovery lost {}, slow effects {} us and {} us",
             nodes, members, links == Links::Shared ? "that roam" : "each to its gateway", mags,
             1U << pool_bits, is_rough ? ", rough" : ", calm", links_break ? "" : ", links hold",
             has_liar ? ", a liar" : "", effects_fail ? ", effects fail" : "", faults.loss, faults.duplicate,
             faults.reorder, faults.jitter / std::chrono::microseconds(1), access_loss,
             slow_mags / std::chrono::microseconds(1), slow_lma / std::chrono::microseconds(1));
}

LifePlan make_plan(std::uint64_t seed) { return Planner(seed).make(); }

}  // namespace flowmob::sim
