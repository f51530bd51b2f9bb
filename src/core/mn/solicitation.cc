// SPDX-License-Identifier: Apache-2.0
#include "core/mn/solicitation.h"

#include <algorithm>

#include "wire/neighbor_discovery.h"

namespace flowmob::core {
namespace {

constexpr std::uint32_t kQuick = 3;      // MAX_RTR_SOLICITATIONS, RFC 4861 section 10
constexpr std::uint32_t kDoublings = 4;  // up to 16 intervals

constexpr MacAddress kAllRoutersMac{{0x33, 0x33, 0, 0, 0, 2}};
constexpr Ipv6Address kAllRouters{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}};

}  // namespace

void SolicitationSchedule::start(TimePoint now) {
  sent_ = 0;
  next_ = now;
}

void SolicitationSchedule::idle(TimePoint now, Duration interval) {
  sent_ = kQuick + kDoublings - 1;
  next_ = now + interval * (1U << kDoublings);
}

void SolicitationSchedule::sent(TimePoint now, Duration interval) {
  sent_ = std::min(sent_ + 1, kQuick + kDoublings);
  next_ = now + interval * (1U << (sent_ < kQuick ? 0 : sent_ - kQuick));
}

SendSolicitation router_solicitation(InterfaceIndex interface, const MacAddress& own) {
  return {interface, own,         kAllRoutersMac,
          {},        kAllRouters, wire::encode_nd(wire::RouterSolicitation{}, {}, kAllRouters)};
}

}  // namespace flowmob::core
