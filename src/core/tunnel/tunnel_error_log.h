// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <utility>

#include "core/effect.h"
#include "core/rate_limiter.h"
#include "core/tunnel/tunnel_error.h"

namespace flowmob::core {

/// How many errors there were from inside tunnels, and how often that is told of: anybody can make them up.
class TunnelErrorLog {
 public:
  void note(const TunnelError& error) { ++kinds_[error.kind]; }
  /// It is about a tunnel that is not ours.
  void note_stranger() { ++strangers_; }

  /// Whether an event is due: one for each peer and kind in ten seconds. `peer` is one that we know.
  bool is_news(Now now, const TunnelError& error);
  /// The fields of such an event.
  static Json event(const TunnelError& error);
  /// Whether there may be one more answer to the source of an original packet (RFC 4443 section 2.4 f).
  bool may_answer(Now now) { return answers_.allow(now.monotonic); }
  void note_answer(bool sent) { ++(sent ? answered_ : unanswered_); }

  /// For "show statistics".
  Json to_json() const;

 private:
  std::map<TunnelErrorKind, std::uint64_t> kinds_;
  std::uint64_t strangers_ = 0, answered_ = 0, unanswered_ = 0;
  std::map<std::pair<Ipv6Address, TunnelErrorKind>, TimePoint> told_;
  RateLimiter answers_ = RateLimiter::per_second(100);
};

}  // namespace flowmob::core
