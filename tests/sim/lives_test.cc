// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <stdexcept>

#include "life.h"
#include "shrink.h"

namespace flowmob::sim {
namespace {

constexpr std::size_t kLinesOfFailure = 150;  // FLOWMOB_SIM_LINES says otherwise
constexpr std::uint64_t kSeeds = 600;
constexpr unsigned kAttemptsToShrink = 250;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  if (text == nullptr || *text == 0) return otherwise;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text, text + std::strlen(text), number);
  if (error != std::errc{} || *end != 0 || number == 0)
    throw std::invalid_argument(std::string(variable) + " is no number from 1 on: '" + text + "'");
  return number;
}

/// What broke, with the last lines of what happened; nothing if all was as it should be.
std::optional<std::string> what_breaks(const LifePlan& plan, std::size_t lines, Tally* tally = nullptr) {
  try {
    Life life(plan);
    life.remember(lines);
    const auto lived = life.live();
    if (tally != nullptr) tally->add(lived);
    return std::nullopt;
  } catch (const Broken& broken) {
    return broken.what();
  }
}

/// The first line without its numbers: what kind of failure it is.
std::string kind_of(const std::string& failure) {
  std::string kind = failure.substr(0, failure.find(" (at"));
  std::erase_if(kind, [](char c) { return c >= '0' && c <= '9'; });
  return kind;
}

/// Fewer actions, and then fewer faults, that fail in the same way.
LifePlan shortest_failing(LifePlan plan, const std::string& failure) {
  const auto fails = [kind = kind_of(failure)](const LifePlan& shorter) {
    const auto broken = what_breaks(shorter, 0);
    return broken && kind_of(*broken) == kind;
  };
  plan.actions = shrink<Action>(
      plan.actions,
      [&](const auto& actions) {
        auto shorter = plan;
        shorter.actions = actions;
        return fails(shorter);
      },
      kAttemptsToShrink);
  const auto without = [&](auto change) {
    auto simpler = plan;
    change(simpler);
    if (fails(simpler)) plan = simpler;
  };
  without([](LifePlan& p) { p.faults.loss = 0; });
  without([](LifePlan& p) { p.faults.duplicate = 0; });
  without([](LifePlan& p) { p.faults.reorder = 0; });
  without([](LifePlan& p) { p.faults.jitter = {}; });
  without([](LifePlan& p) { p.access_loss = 0; });
  without([](LifePlan& p) { p.slow_lma = {}; });
  without([](LifePlan& p) { p.slow_mags = {}; });
  without([](LifePlan& p) { p.effects_fail = false; });
  without([](LifePlan& p) { p.skews.assign(p.mags, {}); });
  without([](LifePlan& p) { p.own_prefixes = 0; });
  without([](LifePlan& p) { p.share_prefixes = true; });
  without([](LifePlan& p) { p.hold_unknown.reset(); });
  without([](LifePlan& p) { p.handoffs = LifePlan{}.handoffs; });
  return plan;
}

std::string report(const LifePlan& plan, const std::string& first) {
  const auto shortest = shortest_failing(plan, first);
  const auto last = what_breaks(shortest, number_from("FLOWMOB_SIM_LINES", kLinesOfFailure));
  std::string text = fmt::format("seed {}: {}\n{}\nshortest life that fails, {} of {} actions:\n", plan.seed,
                                 first.substr(0, first.find('\n')), shortest.describe(),
                                 shortest.actions.size(), plan.actions.size());
  for (const auto& action : shortest.actions) text += "  " + to_string(action) + '\n';
  return text + last.value_or("which fails by chance") + fmt::format("again: make sim SEED={}", plan.seed);
}

/// FLOWMOB_SIM_SEED lives that life alone, FLOWMOB_SIM_SEEDS another number of them from FLOWMOB_SIM_FIRST
/// on; FLOWMOB_SIM_SHARD=1/2 every second one.
struct Range {
  std::uint64_t first = 1, last = kSeeds, step = 1;

  static Range asked_for() {
    if (const auto only = number_from("FLOWMOB_SIM_SEED", 0); only != 0) return {only, only, 1};
    Range range;
    range.first = number_from("FLOWMOB_SIM_FIRST", 1);
    range.last = range.first + number_from("FLOWMOB_SIM_SEEDS", kSeeds) - 1;
    unsigned shard = 0, shards = 1;
    const char* text = std::getenv("FLOWMOB_SIM_SHARD");
    if (text != nullptr && std::sscanf(text, "%u/%u", &shard, &shards) == 2 && shards != 0) {
      range.first += shard % shards;
      range.step = shards;
    }
    return range;
  }
};

TEST(RandomLives, KeepThePromise) {
  const auto range = Range::asked_for();
  Tally sum;
  std::uint64_t lives = 0, failures = 0;
  for (auto seed = range.first; seed <= range.last && failures < 3; seed += range.step, ++lives) {
    const auto plan = make_plan(seed);
    const auto broken = what_breaks(plan, 0, &sum);
    if (!broken) continue;
    ++failures;
    ADD_FAILURE() << report(plan, *broken);
  }
  fmt::print("simulated: {} lives, {} handovers, {} flow moves, {} messages, {} events\n", lives,
             sum.handovers, sum.flow_moves, sum.messages, sum.events);
  RecordProperty("handovers", std::to_string(sum.handovers));
}

}  // namespace
}  // namespace flowmob::sim
