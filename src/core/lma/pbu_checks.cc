// SPDX-License-Identifier: Apache-2.0
#include "core/lma/pbu_checks.h"

#include "base/ipv4.h"
#include "core/lma/access_network.h"

namespace flowmob::core {
namespace {

using wire::BindingStatus;
using enum wire::BindingStatus;

BindingStatus demand(bool condition, BindingStatus otherwise) { return condition ? Accepted : otherwise; }

const PolicyProfile* profile_of(const PbuCheck& c) { return c.policy.profile(c.request.mn_id); }

/// Item 4.
BindingStatus has_mn_identifier(const PbuCheck& c) {
  return demand(c.request.mn_id_subtype.has_value(), MissingMnIdentifierOption);
}

/// Items 5 and 6. The sender has to be a MAG, and may speak for no other MAG's address.
BindingStatus mag_is_authorized(const PbuCheck& c) {
  if (c.leaves) return Accepted;
  const auto* mag = c.policy.mag(c.request.meta.source);
  if (!mag || !mag->has(c.request.proxy_coa)) return MagNotAuthorizedForProxyReg;
  const auto* profile = profile_of(c);
  return demand(!profile || permits_mag(*profile, *mag), MagNotAuthorizedForProxyReg);
}

/// Item 7.
BindingStatus mobile_node_is_ours(const PbuCheck& c) {
  return demand(c.leaves || profile_of(c) != nullptr, NotLmaForThisMobileNode);
}

/// Item 8. Somebody else's interface is not entitled to this node's service either.
BindingStatus mobile_node_is_entitled(const PbuCheck& c) {
  if (c.leaves) return Accepted;
  const auto* profile = profile_of(c);
  return demand(profile->enabled && permits_link_layer(*profile, c.request.link_layer_id),
                ProxyRegNotEnabled);
}

/// Item 9.
BindingStatus is_in_order(const PbuCheck& c) {
  if (c.in_order) return Accepted;
  const auto& config = c.policy.config();
  const auto window =
      config.mobile_node_generated_timestamp ? std::nullopt : std::optional(config.timestamp_validity_window);
  return check_order(c.last, c.request.update.sequence, c.request.timestamp, c.now, window);
}

/// Item 10; a request for IPv4 alone has none (RFC 5844 section 3.1.2.1).
BindingStatus has_home_network_prefix(const PbuCheck& c) {
  return demand(c.request.has_home_network_prefix || c.request.wants_ipv4(), MissingHomeNetworkPrefixOption);
}

/// RFC 5844 section 3.1.2.1, here and below; whoever leaves needs no permission.
BindingStatus ipv6_is_entitled(const PbuCheck& c) {
  if (!c.request.has_home_network_prefix || c.request.deregisters()) return Accepted;
  return demand(has_ipv6(profile_of(c)->ip_versions), NotAuthorizedForIpv6MobilityService);
}

BindingStatus ipv4_is_entitled(const PbuCheck& c) {
  if (!c.request.wants_ipv4() || c.request.deregisters()) return Accepted;
  const bool is_routed = !c.policy.config().ipv4_pools.empty();
  return demand(is_routed && has_ipv4(profile_of(c)->ip_versions), NotAuthorizedForIpv4MobilityService);
}

BindingStatus ipv4_is_asked_for_once(const PbuCheck& c) {
  return demand(c.request.ipv4_requests.size() <= 1, MultipleIpv4HomeAddressAssignmentNotSupported);
}

/// Section 6.9.1.1 sends one ALL_ZERO option, or none; more, or a mixture, means nothing.
BindingStatus prefixes_are_one_request(const PbuCheck& c) {
  const auto& r = c.request;
  return demand(r.all_zero_prefixes == 0 || (r.all_zero_prefixes == 1 && r.prefixes.empty()),
                ReasonUnspecified);
}

/// Item 11.
BindingStatus has_handoff_indicator(const PbuCheck& c) {
  return demand(c.request.handoff.has_value(), MissingHandoffIndicatorOption);
}

/// Item 12.
BindingStatus has_access_technology(const PbuCheck& c) {
  return demand(c.request.technology.has_value(), MissingAccessTechTypeOption);
}

/// RFC 5845 section 5.2; whoever leaves needs no tunnel.
BindingStatus gre_is_as_required(const PbuCheck& c) {
  if (c.request.deregisters()) return Accepted;
  const auto* mag = c.policy.mag(c.request.meta.source);
  const bool has_key = c.request.gre && c.request.gre->key;
  return demand(!mag || mag->gre != GrePolicy::Required || has_key, GreKeyOptionRequired);
}

/// RFC 8278 sections 4.1 and 4.4. Of a MAG with one address there are no several paths.
BindingStatus path_is_possible(const PbuCheck& c) {
  if (!c.request.path) return Accepted;
  const auto& path = *c.request.path;
  const bool names_a_binding = path.binding_id != 0 && path.binding_id != 0xff;
  const bool contradicts = path.overwrite && (path.bulk || c.request.deregisters());
  const bool names_its_mag = wire::find<wire::MagIdentifier>(c.request.update.options) != nullptr;
  const auto* mag = c.policy.mag(c.request.meta.source);
  const bool is_permitted = c.leaves || (mag && !mag->care_of_addresses.empty());
  return demand(names_a_binding && !contradicts && names_its_mag && is_permitted,
                CannotSupportMultipathBinding);
}

const wire::AccessNetworkIdentifier* network_of(const PbuCheck& c) {
  return wire::find<wire::AccessNetworkIdentifier>(c.request.update.options);
}

/// Our policy's word, not the RFC's; whoever leaves needs no permission.
BindingStatus access_network_is_permitted(const PbuCheck& c) {
  if (c.request.deregisters()) return Accepted;
  return demand(permits_network(profile_of(c)->access, network_of(c)), AdministrativelyProhibited);
}

/// RFC 5149 section 3; whoever leaves needs no permission.
BindingStatus service_is_authorized(const PbuCheck& c) {
  if (!c.request.service || c.request.deregisters()) return Accepted;
  const bool is_permitted = permits_service(c.policy, *profile_of(c), *c.request.service) &&
                            permits_network(c.policy.service(*c.request.service)->access, network_of(c));
  return demand(is_permitted, ServiceAuthorizationFailed);
}

/// RFC 5844 section 4.1.3.1. What has to be in GRE is not in UDP.
BindingStatus may_force_udp(const PbuCheck& c) {
  if (!c.request.forces_udp()) return Accepted;
  const auto* mag = c.policy.mag(c.request.meta.source);
  const bool is_free = mag && mag->gre != GrePolicy::Required;
  return demand(c.policy.config().accept_forced_ipv4_udp && is_free, AdministrativelyProhibited);
}

/// RFC 7148 section 5.2.2: an anchor without Delegated Prefix support ignores the options. Here no network of
/// IPv4 is delegated.
BindingStatus delegation_is_authorized(const PbuCheck& c) {
  const auto& wish = c.request.delegation;
  if (!wish.is_asked_for || !c.policy.delegates() || c.request.deregisters()) return Accepted;
  const auto& profile = *profile_of(c);
  const bool has_some = !profile.delegated_prefixes.empty() && has_ipv6(profile.ip_versions);
  const bool asks_for_ipv6 = wish.any_ipv6 || !wish.prefixes.empty();
  return demand(has_some && (asks_for_ipv6 || wish.ipv4), NotAuthorizedForDelegatedMnp);
}

constexpr BindingStatus (*kChecks[])(const PbuCheck&) = {
    has_mn_identifier,        mag_is_authorized,     mobile_node_is_ours,
    mobile_node_is_entitled,  is_in_order,           has_home_network_prefix,
    ipv6_is_entitled,         ipv4_is_entitled,      ipv4_is_asked_for_once,
    prefixes_are_one_request, has_handoff_indicator, has_access_technology,
    gre_is_as_required,       path_is_possible,      access_network_is_permitted,
    service_is_authorized,    may_force_udp,         delegation_is_authorized,
};

}  // namespace

BindingStatus check_pbu(const PbuCheck& check) {
  for (const auto one : kChecks)
    if (const auto status = one(check); status != Accepted) return status;
  return Accepted;
}

}  // namespace flowmob::core
