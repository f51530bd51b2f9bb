// SPDX-License-Identifier: Apache-2.0
#include "world.h"

#include <fmt/format.h>

namespace flowmob::sim {
void World::remember(std::string_view who, std::string_view what) {
  const double ms = std::chrono::duration<double, std::milli>(queue.now()).count();
  last_.push_back(fmt::format("{:>13.3f} ms  {:<5} {}", ms, who, what));
  if (last_.size() > remembered) last_.pop_front();
}

void World::broken(const std::string& what) const {
  const double ms = std::chrono::duration<double, std::milli>(queue.now()).count();
  std::string text =
      fmt::format("{} (at {:.3f} ms{}{})\n", what, ms, replay.empty() ? "" : "; again: ", replay);
  for (const auto& line : last_) text += line + '\n';
  throw Broken(text);
}

}  // namespace flowmob::sim
