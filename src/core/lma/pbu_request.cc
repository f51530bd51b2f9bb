// SPDX-License-Identifier: Apache-2.0
#include "core/lma/pbu_request.h"

#include <algorithm>

#include "base/ipv4.h"
#include "core/delegated_prefix.h"
#include "core/lma/identifier.h"

namespace flowmob::core {
namespace {

bool is_all_zero(const Bytes& bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t octet) { return octet == 0; });
}

PbuRequest::Delegation delegation_of(const wire::MobilityOptions& options) {
  PbuRequest::Delegation wish;
  for (const auto& option : wire::find_all<wire::DelegatedMobileNetworkPrefix>(options)) {
    const bool is_ipv4 = std::holds_alternative<Ipv4Address>(option.prefix);
    wish.is_asked_for = true;
    if (asks_for_any(option))
      wish.any_ipv6 = wish.any_ipv6 || !is_ipv4;
    else if (is_ipv4)
      wish.ipv4 = true;
    else  // one that is longer than an address is nobody's
      wish.prefixes.push_back(ipv6_prefix_of(option).value_or(Ipv6Prefix{}));
  }
  sort_once(wish.prefixes);
  return wish;
}

}  // namespace

PbuRequest::PbuRequest(const PacketMeta& from, wire::ProxyBindingUpdate message)
    : meta(from), update(std::move(message)), proxy_coa(from.source) {
  const auto& options = update.options;
  // Over IPv4 the care-of address is the packet's source (RFC 5844 section 4.1.1).
  if (const auto* o = wire::find<wire::AlternateCareOfAddress>(options); o && !is_mapped(from.source))
    proxy_coa = o->address;
  if (const auto* o = wire::find<wire::MobileNodeIdentifier>(options)) {
    mn_id_subtype = o->subtype;
    mn_id = to_octet_string(o->identifier);
  }
  for (const auto& o : wire::find_all<wire::HomeNetworkPrefixOption>(options)) {
    if (o.off_link) continue;
    has_home_network_prefix = true;
    if (o.is_all_zero())
      ++all_zero_prefixes;
    else
      prefixes.push_back(o.to_prefix());
  }
  std::ranges::sort(prefixes);
  prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
  delegation = delegation_of(options);
  ipv4_requests = wire::find_all<wire::Ipv4HomeAddressRequest>(options);
  if (const auto* o = wire::find<wire::HandoffIndicatorOption>(options)) handoff = o->indicator;
  if (const auto* o = wire::find<wire::AccessTechnologyTypeOption>(options)) technology = o->type;
  if (const auto* o = wire::find<wire::MnLinkLayerIdentifier>(options); o && !is_all_zero(o->identifier))
    link_layer_id = o->identifier;
  if (const auto* o = wire::find<wire::LinkLocalAddressOption>(options)) link_local = o->address;
  if (const auto* o = wire::find<wire::TimestampOption>(options)) timestamp = o->value;
  if (const auto* o = wire::find<wire::ServiceSelection>(options)) service = to_octet_string(o->identifier);
  if (const auto* o = wire::find<wire::GreKey>(options)) gre = *o;
  if (const auto* o = wire::find<wire::MagMultipathBinding>(options)) path = *o;
  bindings = wire::find_all<wire::BindingIdentifierOption>(options);
  flows = wire::find_all<wire::FlowIdentification>(options);
  for (const auto& o : wire::find_all<wire::FlowSummary>(options))
    summary.insert(summary.end(), o.flow_ids.begin(), o.flow_ids.end());
}

std::optional<Ipv4Address> PbuRequest::ipv4_address() const {
  if (ipv4_requests.empty() || ipv4_requests.front().address == Ipv4Address{}) return std::nullopt;
  return ipv4_requests.front().address;
}

}  // namespace flowmob::core
