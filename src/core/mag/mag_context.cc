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

void MagContext::notify(std::string event, const Attachment& attachment, Json fields) {
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

const MagPolicyProfile* MagContext::profile(std::string_view mn_id) const {
  return find_in(config.mobile_nodes, [&](const auto& profile) { return profile.mn_id == mn_id; });
}

const MagPolicyProfile* MagContext::profile(const MacAddress& link_layer) const {
  return find_in(config.mobile_nodes, [&](const auto& profile) {
    return std::ranges::find(profile.link_layer, link_layer) != profile.link_layer.end();
  });
}

std::uint16_t MagContext::next_sequence() {
  for (unsigned tries = 0; tries <= 0xffff; ++tries)
    if (!bindings.find_by_sequence(++sequence)) break;
  return sequence;
}

}  // namespace flowmob::core
