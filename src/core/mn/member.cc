// SPDX-License-Identifier: Apache-2.0
#include "core/mn/member.h"

#include <algorithm>

#include "core/mn/lifetime.h"

namespace flowmob::core {

bool MemberState::set_link(TimePoint now, bool is_up) {
  if (carrier == is_up) return false;
  trusted = is_up && !carrier.has_value();
  carrier = is_up;
  heard = false;
  if (is_up)
    solicitation.start(now);
  else
    solicitation.stop();
  return true;
}

void MemberState::hear(TimePoint now, const Advertisement& advertisement, Duration interval) {
  if (advertisement.mtu != 0) mtu = advertisement.mtu;
  if (advertisement.router_lifetime != 0) {
    // On a link to one gateway the latest router is the router.
    router =
        Router{advertisement.router, advertisement.mac, lifetime_end(now, advertisement.router_lifetime)};
    router_mac = advertisement.mac;
    heard = true;
    solicitation.stop();  // RFC 4861 section 6.3.7
  } else if (router && router->address == advertisement.router) {
    router.reset();  // RFC 4861 section 6.3.4: no default router any more
    heard = trusted = false;
    solicitation.idle(now, interval);
  }
}

bool MemberState::expire(TimePoint now) {
  if (!router || router->expires > now) return false;
  router.reset();
  heard = trusted = false;
  if (up()) solicitation.start(now);
  return true;
}

std::optional<TimePoint> MemberState::deadline() const {
  if (!router || router->expires == kNever) return solicitation.next();
  return std::min(router->expires, solicitation.next().value_or(kNever));
}

}  // namespace flowmob::core
