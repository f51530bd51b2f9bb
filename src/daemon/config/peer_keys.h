// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/peer/config.h"
#include "daemon/config/rules.h"
#include "daemon/config/schema.h"

namespace flowmob::daemon::config {

/// RFC 5847 section 5, or off.
inline Rule<Duration> heartbeat_interval() {
  using namespace std::chrono_literals;
  return {"\"0s\", or \"30s\" to \"1h\"",
          [](const Duration& value) { return value == 0s || (value >= 30s && value <= 1h); }};
}

/// Adds the rows for what an LMA and a MAG do alike; the two functions lead from a T to its HeartbeatConfig
/// and its RevocationConfig.
template <class T, class Heartbeat, class Revocation>
void add_peer_keys(Section<T>& section, Heartbeat heartbeat, Revocation revocation) {
  using namespace std::chrono_literals;
  using K = Keys<T>;
  const auto beat = [heartbeat](auto member) {
    return [ heartbeat, member ](T & target) -> auto& { return std::invoke(heartbeat, target).*member; };
  };
  const auto revoke = [revocation](auto member) {
    return [ revocation, member ](T & target) -> auto& { return std::invoke(revocation, target).*member; };
  };
  std::vector<Key<T>> keys = section.keys;
  keys.push_back(
      K::optional("heartbeat_interval", beat(&core::HeartbeatConfig::interval),
                  "how often a peer with bindings is asked whether it is there (RFC 5847 section 5); "
                  "\"0s\": nobody is asked, but every peer is answered",
                  heartbeat_interval()));
  keys.push_back(
      K::optional("missing_heartbeats_allowed", beat(&core::HeartbeatConfig::missing_allowed),
                  "how many answers may be missing before a peer counts as lost (RFC 5847 section 5)",
                  between<unsigned>(0, 100)));
  keys.push_back(
      K::optional("revocation_retries", revoke(&core::RevocationConfig::max_retries),
                  "how often an unanswered revocation is sent again (BRIMaxRetriesNumber, RFC 5846 "
                  "section 11)",
                  between<unsigned>(0, 20)));
  keys.push_back(
      K::optional("revocation_delay", revoke(&core::RevocationConfig::initial_delay),
                  "after which time for the first time, doubling from there (InitMINDelayBRIs, RFC 5846 "
                  "section 11)",
                  between<Duration>(500ms, 1min)));
  keys.push_back(K::optional("max_revocation_delay", revoke(&core::RevocationConfig::max_delay),
                             "where the doubling ends (MAX_BRACK_TIMEOUT, RFC 5846 section 11)",
                             between<Duration>(500ms, 10min)));
  section = Section<T>(section.doc->title, std::move(keys));
}

}  // namespace flowmob::daemon::config
