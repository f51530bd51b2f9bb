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
  asked.reset();
  if (is_up)
    solicitation.start(now);
  else
    solicitation.stop();
  return true;
}

namespace {

/// How long a router has to answer two solicitations; one that has answered is not asked again sooner.
constexpr Duration kAnswerTime = std::chrono::seconds(6);

}  // namespace

std::optional<std::string_view> MemberState::admit(TimePoint now, const Advertisement& advertisement) {
  const bool ours = router && router->address == advertisement.router && router->mac == advertisement.mac;
  if (ours || !live()) {
    if (!own_advertisements.allow(now)) return "advertisement-rate";
    answered = true;
    return std::nullopt;
  }
  if (!other_advertisements.allow(now)) return "advertisement-rate";
  if (advertisement.router_lifetime == 0) return "not-our-router";
  if (asked && now - *asked < kAnswerTime) return "not-our-router";
  if (asked && !answered) {
    asked.reset();
    return std::nullopt;
  }
  asked = now;
  answered = false;
  solicitation.start(now);
  return "not-our-router";
}

void MemberState::hear(TimePoint now, const Advertisement& advertisement, Duration interval) {
  if (advertisement.mtu != 0) mtu = advertisement.mtu;
  if (advertisement.router_lifetime != 0) {
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
