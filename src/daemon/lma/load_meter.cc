// SPDX-License-Identifier: Apache-2.0
#include "daemon/lma/load_meter.h"

#include <algorithm>
#include <utility>

namespace flowmob::daemon {
namespace {

struct Grown {
  std::uint64_t down{}, up{};
};

/// Counters that begin anew have not grown.
std::uint64_t growth(std::uint64_t before, std::uint64_t now) { return now < before ? 0 : now - before; }

}  // namespace

std::map<Ipv6Address, std::uint64_t> LoadMeter::measure(TimePoint now, const std::vector<Sample>& samples) {
  std::map<Ipv6Address, Grown> grown;
  std::map<SessionId, Sample> current;
  for (const auto& sample : samples) {
    current.emplace(sample.session, sample);
    auto& of_mag = grown[sample.mag];
    const auto known = last_.find(sample.session);
    if (known == last_.end() || known->second.mag != sample.mag) continue;
    of_mag.down += growth(known->second.down_bytes, sample.down_bytes);
    of_mag.up += growth(known->second.up_bytes, sample.up_bytes);
  }
  last_ = std::move(current);
  const auto since = std::exchange(at_, now);
  std::map<Ipv6Address, std::uint64_t> loads;
  if (!since || now <= *since) return loads;
  const double seconds = std::chrono::duration<double>(now - *since).count();
  for (const auto& [mag, bytes] : grown)
    loads[mag] =
        static_cast<std::uint64_t>(static_cast<double>(std::max(bytes.down, bytes.up)) * 8 / seconds);
  return loads;
}

}  // namespace flowmob::daemon
