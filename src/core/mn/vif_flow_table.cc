// SPDX-License-Identifier: Apache-2.0
#include "core/mn/vif_flow_table.h"

#include <algorithm>
#include <bit>

namespace flowmob::core {

void VifFlowTable::set_member(std::uint32_t number, bool up) {
  if (number < kMembers) up_[number] = up;
}

void VifFlowTable::prefer(const VifFlowKey& key, std::vector<std::uint32_t> members) {
  if (members.empty())
    preferences_.erase(key);
  else
    preferences_[key] = std::move(members);
}

VifFlowTable::Entry& VifFlowTable::entry_of(const VifFlowKey& key, std::uint32_t member) {
  if (const auto known = flows_.find(key); known != flows_.end()) {
    ages_.splice(ages_.begin(), ages_, known->second.age);
    return known->second;
  }
  if (flows_.size() >= std::max<std::size_t>(options_.capacity, 1)) {
    flows_.erase(ages_.back());
    ages_.pop_back();
  }
  ages_.push_front(key);
  return flows_.emplace(key, Entry{{member, member, 0, {}}, false, ages_.begin()}).first->second;
}

void VifFlowTable::set_source(const Ipv6Prefix& prefix, std::uint32_t members) {
  if (members == 0)
    sources_.erase(prefix);
  else
    sources_[prefix] = members;
}

std::uint32_t VifFlowTable::usable_for(const Ipv6Address& source) const {
  const auto advertised = sources_.find(Ipv6Prefix::truncated(source, 64));
  return advertised == sources_.end() ? ~std::uint32_t{0} : advertised->second;
}

std::uint32_t VifFlowTable::default_among(std::uint32_t usable) const {
  if ((usable >> default_member_ & 1) != 0) return default_member_;
  return static_cast<std::uint32_t>(std::countr_zero(usable));
}

std::uint32_t VifFlowTable::first_preferred(const std::vector<std::uint32_t>& members,
                                            std::uint32_t usable) const {
  const auto up = std::ranges::find_if(
      members, [&](auto number) { return is_up(number) && (usable >> number & 1) != 0; });
  return up == members.end() ? default_among(usable) : *up;
}

std::optional<std::uint32_t> VifFlowTable::send(TimePoint now, const VifFlowKey& key) {
  const auto usable = usable_for(key.destination);
  const auto home = default_among(usable);
  Entry& entry = entry_of(key, home);
  Flow& flow = entry.flow;
  if (const auto wanted = preferences_.find(key); wanted != preferences_.end()) {
    const auto member = first_preferred(wanted->second, usable);
    if (!entry.is_used)
      flow.member = flow.previous = member;
    else if (member != flow.member)
      flow = {member, flow.member, flow.moves + 1, now};
  }
  entry.is_used = entry.is_used || std::ranges::count(up_, true) != 0;  // else the packet is dropped
  if (is_up(flow.member)) return flow.member;
  // The entry stays: the flow is back on its own link as soon as that is.
  if (is_up(home)) return home;
  const auto any = std::ranges::find(up_, true);
  if (any == up_.end()) return std::nullopt;
  return static_cast<std::uint32_t>(any - up_.begin());
}

void VifFlowTable::receive(TimePoint now, const VifFlowKey& key, std::uint32_t member) {
  Entry& entry = entry_of(key, member);
  entry.is_used = true;
  const bool reflects = options_.reflect && !preferences_.contains(key);
  if (reflects && entry.flow.member != member) reflect(entry.flow, now, member);
}

/// Packets that were under way when the flow left a slower link must not call it back: it returns to the
/// member it just left only after a while, or when the present one is down.
void VifFlowTable::reflect(Flow& flow, TimePoint now, std::uint32_t member) const {
  const bool straggler = flow.moves != 0 && member == flow.previous && now - flow.moved < options_.hold;
  if (straggler && is_up(flow.member)) return;
  flow = {member, flow.member, flow.moves + 1, now};
}

const VifFlowTable::Flow* VifFlowTable::find(const VifFlowKey& key) const {
  const auto found = flows_.find(key);
  return found == flows_.end() ? nullptr : &found->second.flow;
}

}  // namespace flowmob::core
