// SPDX-License-Identifier: Apache-2.0
#include "core/mn/address_check.h"

#include <algorithm>

namespace flowmob::core {
namespace {

constexpr unsigned kQuestions = 3;  // MAX_UNICAST_SOLICIT, RFC 4861 section 10
/// For each answer. RETRANS_TIMER is three times as much; meanwhile all that is sent by the link is lost.
constexpr Duration kPatience = std::chrono::milliseconds(300);
constexpr unsigned kRoundTrips = 2;

}  // namespace

bool AddressCheck::start(TimePoint now, const MacAddress& said, std::optional<Duration> round_trip) {
  if (next_ || !rate_.allow(now)) return false;
  next_ = now;
  said_ = said;
  patience_ = std::max(kPatience, round_trip.value_or(Duration{}) * kRoundTrips);
  asked_ = 0;
  return true;
}

void AddressCheck::stop() { next_.reset(); }

void AddressCheck::hear_answer(const MacAddress& given) {
  can_ask_ = true;
  if (given != said_) stop();
}

void AddressCheck::not_asked() {
  can_ask_ = false;
  stop();
}

AddressCheck::Step AddressCheck::handle_due(TimePoint now) {
  if (!next_ || *next_ > now) return Step::Wait;
  if (asked_ == kQuestions) return stop(), Step::Take;
  ++asked_;
  next_ = now + patience_;
  return Step::Ask;
}

}  // namespace flowmob::core
