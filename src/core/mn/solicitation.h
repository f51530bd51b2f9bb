// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/address.h"
#include "base/bytes.h"
#include "base/time.h"
#include "core/mn/effect.h"

namespace flowmob::core {

/// When to solicit on one member: at once, three times in all at the interval (RFC 4861 section 6.3.7), then
/// slower and slower while no router is heard (the idea of RFC 7559), never slower than sixteen intervals.
class SolicitationSchedule {
 public:
  void start(TimePoint now);  ///< the link came up: a mobile node does not wait (RFC 4861 section 6.3.7)
  void stop() { next_.reset(); }
  /// There is no router, and a start would be of no use: at the slowest pace.
  void idle(TimePoint now, Duration interval);

  std::optional<TimePoint> next() const { return next_; }
  bool due(TimePoint now) const { return next_ && *next_ <= now; }
  void sent(TimePoint now, Duration interval);

 private:
  std::optional<TimePoint> next_;
  std::uint32_t sent_ = 0;
};

/// From `::`, because link-local addresses are the kernel's: then without a link-layer address option
/// (RFC 4861 section 4.1). The gateway reads the frame's.
SendSolicitation router_solicitation(InterfaceIndex interface, const MacAddress& own);

}  // namespace flowmob::core
