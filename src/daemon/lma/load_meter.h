// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/address.h"
#include "base/strong_id.h"
#include "base/time.h"

namespace flowmob::daemon {

/// What goes through each MAG, from the counters of its sessions.
class LoadMeter {
 public:
  struct Sample {
    SessionId session;
    Ipv6Address mag;
    std::uint64_t down_bytes{}, up_bytes{};
  };
  /// Bits a second since the last call, of the busier direction. The first call measures nothing, and a
  /// session that is new counts from the next.
  std::map<Ipv6Address, std::uint64_t> measure(TimePoint now, const std::vector<Sample>& samples);

 private:
  std::map<SessionId, Sample> last_;
  std::optional<TimePoint> at_;
};

}  // namespace flowmob::daemon
