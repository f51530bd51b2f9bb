// SPDX-License-Identifier: Apache-2.0
#include "core/tunnel/tunnel_error_log.h"

namespace flowmob::core {
namespace {

constexpr Duration kBetweenEvents = std::chrono::seconds(10);

}  // namespace

bool TunnelErrorLog::is_news(Now now, const TunnelError& error) {
  const auto [told, is_first] = told_.try_emplace({error.peer, error.kind}, now.monotonic);
  if (!is_first && now.monotonic - told->second < kBetweenEvents) return false;
  told->second = now.monotonic;
  return true;
}

Json TunnelErrorLog::event(const TunnelError& error) {
  Json fields{{"address", error.peer.to_string()}, {"kind", to_string(error.kind)}};
  if (error.kind == TunnelErrorKind::TooBig) fields["mtu"] = error.path_mtu;
  return fields;
}

Json TunnelErrorLog::to_json() const {
  const auto count = [this](TunnelErrorKind kind) {
    const auto found = kinds_.find(kind);
    return found == kinds_.end() ? std::uint64_t{0} : found->second;
  };
  return {{"too_big", count(TunnelErrorKind::TooBig)},
          {"unreachable", count(TunnelErrorKind::Unreachable)},
          {"time_exceeded", count(TunnelErrorKind::TimeExceeded)},
          {"parameter_problem", count(TunnelErrorKind::ParameterProblem)},
          {"unknown_tunnel", strangers_},
          {"answered", answered_},
          {"unanswered", unanswered_}};
}

}  // namespace flowmob::core
