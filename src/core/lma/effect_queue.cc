// SPDX-License-Identifier: Apache-2.0
#include "core/lma/effect_queue.h"

namespace flowmob::core {
namespace {

struct Name {
  std::string_view operator()(const SendMessage&) { return "send-message"; }
  std::string_view operator()(const SendIcmpv6&) { return "send-icmpv6"; }
  std::string_view operator()(const SendPacket&) { return "send-packet"; }
  std::string_view operator()(const Notify&) { return "notify"; }
  std::string_view operator()(const EnsureTunnel&) { return "ensure-tunnel"; }
  std::string_view operator()(const RemoveTunnel&) { return "remove-tunnel"; }
  std::string_view operator()(const InstallNode&) { return "install-node"; }
  std::string_view operator()(const RemoveNode&) { return "remove-node"; }
  std::string_view operator()(const InstallSession&) { return "install-session"; }
  std::string_view operator()(const RemoveSession&) { return "remove-session"; }
  std::string_view operator()(const InstallFlow&) { return "install-flow"; }
  std::string_view operator()(const AdjustOrder&) { return "adjust-order"; }
  std::string_view operator()(const ReadOrder&) { return "read-order"; }
  std::string_view operator()(const EndOrder&) { return "end-order"; }
  std::string_view operator()(const SendBySession&) { return "send-by-session"; }
  std::string_view operator()(const RemoveFlow&) { return "remove-flow"; }
  std::string_view operator()(const WatchFlow&) { return "watch-flow"; }
  std::string_view operator()(const WatchSession&) { return "watch-session"; }
  std::string_view operator()(const ReadWatch&) { return "read-watch"; }
  std::string_view operator()(const EndWatch&) { return "end-watch"; }
  std::string_view operator()(const EnsureRoute&) { return "ensure-route"; }
  std::string_view operator()(const RemoveRoute&) { return "remove-route"; }
  std::string_view operator()(const EnsureIpv4Route&) { return "ensure-ipv4-route"; }
  std::string_view operator()(const RemoveIpv4Route&) { return "remove-ipv4-route"; }
  std::string_view operator()(const PersistNode&) { return "persist-node"; }
  std::string_view operator()(const ForgetNode&) { return "forget-node"; }
};

}  // namespace

std::string_view name_of(const LmaAction& action) { return std::visit(Name{}, action); }

void EffectQueue::push_asking(LmaAction action, std::string owner, bool gates, HandoverId handover) {
  const EffectId id{++last_id_};
  Asked asked{std::move(owner), gates, name_of(action), std::nullopt, handover};
  if (const auto* tunnel = std::get_if<EnsureTunnel>(&action)) asked.tunnel = *tunnel;
  if (gates) ++gating_[asked.owner];
  asked_.emplace(id, std::move(asked));
  queue_.push_back({id, std::move(action)});
}

void EffectQueue::cancel_gating(std::string_view owner) {
  std::erase_if(queue_, [&](const LmaEffect& effect) {
    const auto asked = asked_.find(effect.id);
    const bool goes = asked != asked_.end() && asked->second.gates && asked->second.owner == owner;
    if (goes) asked_.erase(asked);
    return goes;
  });
  // what has left already no longer gates anything, but its answer may still tell of a failure
  for (auto& [id, asked] : asked_)
    if (asked.owner == owner) asked.gates = false;
  if (const auto found = gating_.find(owner); found != gating_.end()) gating_.erase(found);
}

std::optional<LmaEffect> EffectQueue::poll() {
  if (queue_.empty()) return std::nullopt;
  LmaEffect effect = std::move(queue_.front());
  queue_.pop_front();
  return effect;
}

std::optional<EffectQueue::Asked> EffectQueue::answer(EffectId id) {
  auto found = asked_.extract(id);
  if (found.empty()) return std::nullopt;
  forget_gating(found.mapped());
  return std::move(found.mapped());
}

void EffectQueue::forget_gating(const Asked& asked) {
  if (!asked.gates) return;
  const auto count = gating_.find(asked.owner);
  if (count != gating_.end() && --count->second == 0) gating_.erase(count);
}

bool EffectQueue::awaits(std::string_view owner) const { return gating_.contains(owner); }

}  // namespace flowmob::core
