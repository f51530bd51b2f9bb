// SPDX-License-Identifier: Apache-2.0
#include "core/mn/member.h"

#include <algorithm>

#include "core/mn/lifetime.h"

namespace flowmob::core {

MemberState MemberState::added(const MemberConfig& config) {
  MemberState state;
  state.number = config.number.value_or(0);
  state.config = config;
  state.carrier = false;
  return state;
}

void MemberState::leave(TimePoint when) {
  leaves = when;
  watch.stop();
  check.stop();
}

void MemberState::stay(const MemberConfig& wanted) {
  if (leaves && config.index != wanted.index) *this = added(wanted);
  leaves.reset();
  config = wanted;
}

bool MemberState::set_link(TimePoint now, bool is_up) {
  if (carrier == is_up) return false;
  trusted = is_up && !carrier.has_value();
  carrier = is_up;
  heard = false;
  asked.reset();
  watch.stop();
  check.stop();
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
    if (ours) check.stop();
    return std::nullopt;
  }
  if (!other_advertisements.allow(now)) return "advertisement-rate";
  if (advertisement.router_lifetime == 0) return "not-our-router";
  if (advertisement.router == router->address && watch.next() && check.can_ask()) {
    check.start(now, advertisement.mac, watch.round_trip());
    return "not-our-router";
  }
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
  const bool is_known = router && router->address == advertisement.router && router->mac == advertisement.mac;
  if (advertisement.router_lifetime != 0) {
    if (!is_known) {
      watch.stop();
      check.stop();
    }
    router =
        Router{advertisement.router, advertisement.mac, lifetime_end(now, advertisement.router_lifetime)};
    router_mac = advertisement.mac;
    heard = true;
    if (!watch.is_silent()) solicitation.stop();  // RFC 4861 section 6.3.7
  } else if (router && router->address == advertisement.router) {
    router.reset();  // RFC 4861 section 6.3.4: no default router any more
    heard = trusted = false;
    watch.stop();
    check.stop();
    solicitation.idle(now, interval);
  }
}

bool MemberState::hear_answer(TimePoint now, const RouterAnswer& answer) {
  check.hear_answer(answer.mac);
  const bool is_other = answer.is_given && answer.mac != router->mac && !config.raw_ip;
  if (is_other && watch.is_missing() && check.can_ask()) {
    check.start(now, answer.mac, watch.round_trip());
    return false;
  }
  if (!watch.answered(now)) return false;
  heard = false;
  solicitation.start(now);
  return true;
}

void MemberState::take_address(TimePoint now) {
  router->mac = router_mac = check.said();
  watch.stop();
  solicitation.start(now);
}

/// There may be another one by now, that has not heard of us.
void MemberState::fall_silent(TimePoint now, Duration interval) {
  heard = trusted = false;
  solicitation.idle(now, interval);
}

bool MemberState::expire(TimePoint now) {
  if (!router || router->expires > now) return false;
  router.reset();
  heard = trusted = false;
  watch.stop();
  check.stop();
  if (up()) solicitation.start(now);
  return true;
}

std::optional<TimePoint> MemberState::deadline() const {
  const TimePoint own_next = own.next().value_or(kNever);
  if (leaves) return std::min(*leaves, own_next);
  const TimePoint earliest =
      std::min({own_next, solicitation.next().value_or(kNever), watch.next().value_or(kNever),
                check.next().value_or(kNever), router ? router->expires : kNever});
  return earliest == kNever ? std::nullopt : std::optional(earliest);
}

}  // namespace flowmob::core
