// SPDX-License-Identifier: Apache-2.0
#include "lab/wire/link_model.h"

#include <algorithm>

namespace flowmob::lab {

LinkModel::Verdict LinkModel::offer(TimePoint now, std::size_t octets) {
  if (!fits(now, octets)) return {Fate::QueueFull, {}};
  busy_until_ = std::max(busy_until_, now) + serialisation(octets);
  // As on a real link, a frame that is lost has used its time on it.
  if (parameters_.loss > 0 && uniform() < parameters_.loss) return {Fate::Lost, {}};
  last_due_ = std::max(last_due_, busy_until_ + propagation());
  return {Fate::Delivered, last_due_};
}

bool LinkModel::fits(TimePoint now, std::size_t octets) const {
  if (parameters_.rate == 0 || busy_until_ <= now) return true;
  const double waiting =
      std::chrono::duration<double>(busy_until_ - now).count() * static_cast<double>(parameters_.rate) / 8;
  return waiting + static_cast<double>(octets) <= static_cast<double>(parameters_.queue);
}

Duration LinkModel::serialisation(std::size_t octets) const {
  if (parameters_.rate == 0) return {};
  return Duration{static_cast<Duration::rep>(octets * 8 * 1'000'000'000 / parameters_.rate)};
}

Duration LinkModel::propagation() {
  if (parameters_.jitter == Duration{}) return parameters_.delay;
  const double swing = static_cast<double>(parameters_.jitter.count()) * (2 * uniform() - 1);
  return std::max(Duration{}, parameters_.delay + Duration{static_cast<Duration::rep>(swing)});
}

// std::uniform_real_distribution is free to differ between libraries; a seed is to mean the same everywhere.
double LinkModel::uniform() { return static_cast<double>(random_() >> 11) * 0x1p-53; }

}  // namespace flowmob::lab
