// SPDX-License-Identifier: Apache-2.0
#include "core/mag/proxy_binding_update.h"

#include <algorithm>

#include "core/mag/ip_versions.h"

namespace flowmob::core {
namespace {

Bytes octets(std::string_view text) { return Bytes(text.begin(), text.end()); }
Bytes octets(const MacAddress& mac) { return Bytes(mac.octets.begin(), mac.octets.end()); }

/// One option for each assigned prefix, else one ALL_ZERO that asks for an assignment. An initial
/// registration always asks: who owns what is the LMA's to know.
void add_prefixes(const Attachment& attachment, RequestKind kind, wire::MobilityOptions& options) {
  if (!attachment.ipv6 || kind == RequestKind::ReleaseIpv4) return;
  if (kind == RequestKind::Initial || attachment.prefixes.empty()) {
    options.emplace_back(wire::HomeNetworkPrefixOption{false, 64, {}});
    return;
  }
  for (const auto& prefix : attachment.prefixes)
    options.emplace_back(wire::HomeNetworkPrefixOption::of(prefix));
}

bool carries_service(const Attachment& attachment, RequestKind kind) {
  return (kind == RequestKind::Initial || kind == RequestKind::Service) &&
         attachment.services_registered < attachment.services.size();
}

}  // namespace

wire::HandoffIndicator handoff_indicator(const Attachment& attachment, RequestKind kind) {
  switch (kind) {
    case RequestKind::Initial:
      return attachment.handoff_indicator;
    case RequestKind::Service:
    case RequestKind::Refresh:
      return wire::HandoffIndicator::NoChange;
    case RequestKind::Deregister:
    case RequestKind::ReleaseIpv4:
      return wire::HandoffIndicator::Unknown;
  }
  return wire::HandoffIndicator::Unknown;
}

std::uint16_t lifetime_units(Duration lifetime) {
  return static_cast<std::uint16_t>(std::clamp<std::int64_t>(lifetime / wire::kLifetimeUnit, 1, 0xffff));
}

wire::ProxyBindingUpdate build_update(const Attachment& attachment, bool query_link_local,
                                      const TransmissionFields& fields) {
  const RequestKind kind = attachment.request->kind;
  wire::ProxyBindingUpdate update;
  update.sequence = fields.sequence;
  update.acknowledge = true;
  update.proxy = true;
  update.lifetime = attachment.request->lifetime;

  auto& options = update.options;
  options.emplace_back(
      wire::MobileNodeIdentifier{wire::MobileNodeIdentifier::kNai, octets(attachment.mn_id)});
  add_prefixes(attachment, kind, options);
  if (attachment.ipv4 || kind == RequestKind::ReleaseIpv4) options.emplace_back(ipv4_request(attachment));
  options.emplace_back(wire::HandoffIndicatorOption{handoff_indicator(attachment, kind)});
  options.emplace_back(wire::AccessTechnologyTypeOption{attachment.technology});
  if (!attachment.link_layer.is_zero())
    options.emplace_back(wire::MnLinkLayerIdentifier{octets(attachment.link_layer)});
  if (fields.timestamp) options.emplace_back(*fields.timestamp);
  if (query_link_local) options.emplace_back(wire::LinkLocalAddressOption{attachment.router_link_local});
  if (carries_service(attachment, kind))
    options.emplace_back(wire::ServiceSelection{octets(attachment.services[attachment.services_registered])});
  return update;
}

}  // namespace flowmob::core
