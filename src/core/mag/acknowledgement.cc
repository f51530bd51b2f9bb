// SPDX-License-Identifier: Apache-2.0
#include "core/mag/acknowledgement.h"

#include <algorithm>

#include "core/mag/proxy_binding_update.h"
#include "core/signalling/vendor_options.h"

namespace flowmob::core {
namespace {

using wire::BindingStatus;

template <class Range>
bool same_octets(const Bytes& octets, const Range& range) {
  return std::ranges::equal(octets, range, {}, {},
                            [](auto value) { return static_cast<std::uint8_t>(value); });
}

}  // namespace

bool echoes_request(const wire::ProxyBindingAcknowledgement& ack, const Attachment& attachment) {
  const auto* mn = wire::find<wire::MobileNodeIdentifier>(ack.options);
  if (mn &&
      (mn->subtype != wire::MobileNodeIdentifier::kNai || !same_octets(mn->identifier, attachment.mn_id)))
    return false;
  const auto* handoff = wire::find<wire::HandoffIndicatorOption>(ack.options);
  if (handoff && handoff->indicator != handoff_indicator(attachment, attachment.request->kind)) return false;
  const auto* technology = wire::find<wire::AccessTechnologyTypeOption>(ack.options);
  if (technology && technology->type != attachment.technology) return false;
  const auto* link_layer = wire::find<wire::MnLinkLayerIdentifier>(ack.options);
  return !link_layer || same_octets(link_layer->identifier, attachment.link_layer.octets);
}

Result<std::vector<Ipv6Prefix>> assigned_prefixes(const wire::ProxyBindingAcknowledgement& ack) {
  std::vector<Ipv6Prefix> prefixes;
  for (const auto& option : wire::find_all<wire::HomeNetworkPrefixOption>(ack.options)) {
    if (option.off_link) continue;
    if (option.prefix_length > 128 || option.prefix_length == 0 ||
        !option.to_prefix().address.is_routable_unicast())
      return fail("bad-prefix", "the acknowledgement assigns an unusable prefix");
    if (std::ranges::find(prefixes, option.to_prefix()) == prefixes.end())
      prefixes.push_back(option.to_prefix());
  }
  if (prefixes.empty()) return fail("bad-prefix", "the acknowledgement assigns no prefix");
  return prefixes;
}

void add_vendor_options(const Attachment& attachment, Json& fields) {
  if (!attachment.vendor_options.empty())
    fields["vendor_options"] = vendor_options_json(attachment.vendor_options);
}

std::optional<std::vector<Ipv6Prefix>> off_link_prefixes(const wire::MobilityOptions& options) {
  constexpr std::uint8_t kLength = 64;  // docs/adr/0002
  std::vector<Ipv6Prefix> prefixes;
  for (const auto& option : wire::find_all<wire::HomeNetworkPrefixOption>(options)) {
    if (!option.off_link) continue;
    if (option.prefix_length != kLength || !option.to_prefix().address.is_routable_unicast())
      return std::nullopt;
    prefixes.push_back(option.to_prefix());
  }
  std::ranges::sort(prefixes);
  prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
  return prefixes;
}

RefusalReaction reaction_to(BindingStatus status) {
  switch (status) {
    case BindingStatus::ReasonUnspecified:
    case BindingStatus::InsufficientResources:
      return RefusalReaction::RetryLater;
    case BindingStatus::SequenceNumberOutOfWindow:
      return RefusalReaction::AdoptSequence;
    case BindingStatus::NotAuthorizedForHomeNetworkPrefix:
      return RefusalReaction::AskForAny;
    case BindingStatus::NotAuthorizedForIpv4HomeAddress:
      return RefusalReaction::AnyIpv4;
    case BindingStatus::NotAuthorizedForIpv4MobilityService:
      return RefusalReaction::WithoutIpv4;
    case BindingStatus::NotAuthorizedForIpv6MobilityService:
      return RefusalReaction::WithoutIpv6;
    case BindingStatus::TimestampMismatch:
      return RefusalReaction::AwaitClock;
    case BindingStatus::TimestampLowerThanPrevAccepted:
      return RefusalReaction::RegisterAgain;
    default:
      return RefusalReaction::Stop;
  }
}

}  // namespace flowmob::core
