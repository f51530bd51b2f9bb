// SPDX-License-Identifier: Apache-2.0
#include "core/mag/delegation.h"

#include "core/delegated_prefix.h"

namespace flowmob::core {

bool asks_for_delegated(const MagContext& context, const Attachment& attachment) {
  return attachment.ipv6 && !attachment.delegation_refused && !attachment.delegation_released &&
         context.delegates(attachment);
}

bool add_delegated(const MagContext& context, const Attachment& attachment, wire::MobilityOptions& options) {
  const auto kind = attachment.request->kind;
  const bool ends = kind == RequestKind::Deregister || kind == RequestKind::ReleaseIpv4;
  if (ends || !asks_for_delegated(context, attachment)) return false;
  if (kind == RequestKind::Initial || attachment.delegated.empty()) {
    options.emplace_back(delegated_option({{}, kLongestDelegated}));
    return true;
  }
  for (const auto& prefix : attachment.delegated) options.emplace_back(delegated_option(prefix));
  return true;
}

std::optional<std::vector<Ipv6Prefix>> delegated_prefixes(const wire::MobilityOptions& options) {
  std::vector<Ipv6Prefix> prefixes;
  for (const auto& option : wire::find_all<wire::DelegatedMobileNetworkPrefix>(options)) {
    if (std::holds_alternative<Ipv4Address>(option.prefix)) continue;  // which was not asked for
    const auto prefix = ipv6_prefix_of(option);
    if (!prefix || !may_be_delegated(*prefix)) return std::nullopt;
    prefixes.push_back(*prefix);
  }
  sort_once(prefixes);
  if (prefixes.size() > kMostDelegated) return std::nullopt;
  return prefixes;
}

}  // namespace flowmob::core
