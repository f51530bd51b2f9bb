// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>

#include "sanitized.h"
#include "scenario.h"

namespace flowmob::sim {
namespace {

/// What the daemon's core holds, by what is free when it is gone.
template <class Node>
std::size_t bytes_of(Node& node) {
  const std::size_t before = mallinfo2().uordblks;
  node.crash();
  return before - mallinfo2().uordblks;
}

/// Hash tables keep the buckets that they had at their fullest, and a gateway remembers whom it heard on
/// which link; no more than that. Of moves as many are remembered as the configuration says: here one.
TEST(Memory, NothingIsLeftOfNodesThatCameAndWent) {
  if (kIsSanitized) GTEST_SKIP() << "the allocator of the sanitizer does not tell";
  constexpr std::size_t kVisitors = 200;
  auto options = short_lived(kVisitors);
  options.links = Links::Shared;
  options.mags = 4;
  options.lma = [others = options.lma](core::LmaConfig& config) {
    others(config);
    config.handover_history = 1;
  };
  Scenario scenario(options);
  auto& domain = scenario.domain;
  domain.world.remembered = 0;
  const std::size_t anchor = bytes_of(*domain.lma);
  const std::size_t gateway = bytes_of(*domain.mags[0]);
  domain.lma->start();
  domain.mags[0]->start();
  scenario.attach_all(5s);
  domain.unplug_all();
  scenario.run(60s);
  scenario.checks.require_empty();
  const std::size_t visits = kVisitors * domain.members() / domain.mags.size();
  constexpr std::size_t kOneMove = 8192;
  EXPECT_LE(bytes_of(*domain.lma), anchor + 160 * kVisitors + kOneMove);
  EXPECT_LE(bytes_of(*domain.mags[0]), gateway + 256 * visits);
}

}  // namespace
}  // namespace flowmob::sim
