// SPDX-License-Identifier: Apache-2.0
#include "core/mag/mag_context.h"

#include <algorithm>

namespace flowmob::core {
namespace {

template <class Range, class Predicate>
auto* find_in(const Range& range, Predicate predicate) {
  const auto found = std::ranges::find_if(range, predicate);
  return found == range.end() ? nullptr : &*found;
}

}  // namespace

void MagContext::notify(std::string event, const Attachment& attachment, const Json& fields) {
  Json all{{"mn", attachment.mn_id},
           {"access", attachment.access},
           {"link_layer", attachment.link_layer.to_string()},
           {"session", attachment.id.value}};
  all.update(fields);
  notify(std::move(event), std::move(all));
}

const AccessConfig* MagContext::access(std::string_view name) const {
  return find_in(config.accesses, [&](const auto& access) { return access.name == name; });
}

const AccessConfig* MagContext::access(InterfaceIndex interface) const {
  return find_in(config.accesses, [&](const auto& access) { return access.index == interface; });
}

/// Thousands of nodes, and a look for one with every frame that tells of a neighbour. The first row wins.
void MagContext::configure(MagConfig fresh) {
  config = std::move(fresh);
  profiles_by_id_.clear();
  profiles_by_address_.clear();
  for (std::size_t row = 0; row < config.mobile_nodes.size(); ++row) {
    profiles_by_id_.try_emplace(config.mobile_nodes[row].mn_id, row);
    for (const auto& address : config.mobile_nodes[row].link_layer)
      profiles_by_address_.try_emplace(address, row);
  }
}

const MagPolicyProfile* MagContext::profile(std::string_view mn_id) const {
  const auto row = profiles_by_id_.find(mn_id);
  return row == profiles_by_id_.end() ? nullptr : &config.mobile_nodes[row->second];
}

const MagPolicyProfile* MagContext::profile(const MacAddress& link_layer) const {
  const auto row = profiles_by_address_.find(link_layer);
  return row == profiles_by_address_.end() ? nullptr : &config.mobile_nodes[row->second];
}

bool MagConfig::observes_flows() const {
  return std::ranges::any_of(accesses, &AccessConfig::observes_flows) ||
         std::ranges::any_of(mobile_nodes,
                             [](const MagPolicyProfile& node) { return node.observes_flows == true; });
}

bool MagContext::observes_flows(const Attachment& attachment) const {
  const auto* link = access(attachment.access);
  const auto* node = profile(attachment.mn_id);
  return node && link && node->observes_flows.value_or(link->observes_flows);
}

bool MagContext::delegates(const Attachment& attachment) const {
  const auto* link = access(attachment.access);
  const auto* node = profile(attachment.mn_id);
  return node && link && node->delegates.value_or(link->delegates);
}

std::uint16_t MagContext::next_sequence() {
  for (unsigned tries = 0; tries <= 0xffff; ++tries)
    if (!bindings.find_by_sequence(++sequence)) break;
  return sequence;
}

}  // namespace flowmob::core
