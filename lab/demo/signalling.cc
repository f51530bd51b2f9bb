// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/signalling.h"

#include <algorithm>
#include <map>

namespace flowmob::lab {

SignallingSummary summarize_signalling(const std::vector<SignallingMessage>& all, Nanoseconds from,
                                       Nanoseconds to) {
  SignallingSummary summary;
  std::map<std::pair<std::string, std::uint16_t>, const SignallingMessage*> asked;
  for (const SignallingMessage& m : all) {
    if (m.time < from || m.time >= to) continue;
    ++summary.messages;
    summary.octets += m.octets;
    if (!m.binding) continue;
    const auto key = std::pair(m.link, m.binding->sequence);
    if (!m.binding->acknowledgement) {
      asked.emplace(key, &m);
    } else if (const auto request = asked.find(key); request != asked.end()) {
      summary.exchanges.push_back({m.link, request->second->time, m.time, m.binding->sequence,
                                   request->second->binding->lifetime, m.binding->status});
      asked.erase(request);
    }
  }
  return summary;
}

std::optional<Nanoseconds> SignallingSummary::pbu_to_pba() const {
  std::optional<Nanoseconds> slowest;
  for (const Exchange& e : exchanges) slowest = std::max(slowest.value_or(0), e.answered - e.asked);
  return slowest;
}

nlohmann::ordered_json to_json(const SignallingSummary& summary) {
  nlohmann::ordered_json exchanges = nlohmann::ordered_json::array();
  for (const Exchange& e : summary.exchanges) {
    exchanges.push_back({{"link", e.link},
                         {"sequence", e.sequence},
                         {"lifetime_s", e.lifetime * 4},
                         {"status", e.status},
                         {"pbu_to_pba_ms", to_ms(e.answered - e.asked)}});
  }
  const auto slowest = summary.pbu_to_pba();
  return {{"messages", summary.messages},
          {"bytes", summary.octets},
          {"pbu_to_pba_ms", slowest ? nlohmann::ordered_json(to_ms(*slowest)) : nlohmann::ordered_json()},
          {"exchanges", exchanges}};
}

}  // namespace flowmob::lab
