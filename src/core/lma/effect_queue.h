// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "base/text_hash.h"
#include "core/lma/effect.h"

namespace flowmob::core {

using LmaAction = decltype(LmaEffect::action);

/// Kebab-case, for the log.
std::string_view name_of(const LmaAction& action);

/// Effects on their way out, and those whose answers are awaited.
class EffectQueue {
 public:
  /// What is known of an effect when its answer comes.
  struct Asked {
    std::string owner;   ///< MN-ID whose change it belongs to
    bool gates = false;  ///< the change waits for it
    std::string_view name;
    std::optional<EnsureTunnel> tunnel;
    HandoverId handover = {};  ///< of which it is the switch
  };

  void push(LmaAction action) { queue_.push_back({EffectId{}, std::move(action)}); }
  void push_asking(LmaAction action, std::string owner, bool gates, HandoverId handover = {});
  /// Takes back what gates this owner's change and has not left yet.
  void cancel_gating(std::string_view owner);
  std::optional<LmaEffect> poll();
  /// Nothing for an answer that nobody awaits, or a second one.
  std::optional<Asked> answer(EffectId id);
  bool awaits(std::string_view owner) const;

 private:
  std::deque<LmaEffect> queue_;
  std::map<EffectId, Asked> asked_;
  TextMap<std::size_t> gating_;  ///< unanswered, by owner
  std::uint64_t last_id_ = 0;

  void forget_gating(const Asked& asked);
};

}  // namespace flowmob::core
