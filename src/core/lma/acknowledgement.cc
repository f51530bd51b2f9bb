// SPDX-License-Identifier: Apache-2.0
#include "core/lma/acknowledgement.h"

#include "core/delegated_prefix.h"
#include "core/lma/identifier.h"

namespace flowmob::core {
namespace {

using namespace wire;

/// What says that this is our clock rather than the request's stamp (RFC 5213 section 5.5 items 8 and 9).
bool tells_the_time(BindingStatus status) {
  return status == BindingStatus::TimestampMismatch ||
         status == BindingStatus::TimestampLowerThanPrevAccepted;
}

ProxyBindingAcknowledgement answer(const PbuRequest& r, BindingStatus status, std::uint16_t lifetime) {
  ProxyBindingAcknowledgement a;
  a.status = status;
  a.proxy = true;
  a.sequence = r.update.sequence;
  a.lifetime = lifetime;
  return a;
}

MobilityOption identifier(const PbuRequest& r) {
  return MobileNodeIdentifier{r.mn_id_subtype.value_or(MobileNodeIdentifier::kNai), to_bytes(r.mn_id)};
}

std::vector<MobilityOption> prefixes_of(const MobileNode& node) {
  std::vector<MobilityOption> all;
  for (const auto& prefix : node.prefixes) all.push_back(HomeNetworkPrefixOption::of(prefix));
  return all;
}

/// RFC 7148 section 5.2.2.
void add_delegated(const PbuRequest& r, const Session& session, MobilityOptions& options) {
  if (!r.delegation.is_asked_for) return;
  for (const auto& prefix : session.delegated) options.push_back(delegated_option(prefix));
}

/// An anchor that delegates nothing ignores the options in all its answers.
void add_refused_delegated(const PbuRequest& r, BindingStatus status, MobilityOptions& options) {
  if (status != BindingStatus::NotAuthorizedForDelegatedMnp && status != BindingStatus::RequestedDmnpInUse)
    return;
  for (const auto& option : find_all<DelegatedMobileNetworkPrefix>(r.update.options))
    options.push_back(option);
}

/// RFC 5844 section 3.1.2.6 item 2: the assigned address, router and where DHCP is served from.
void add_ipv4(const PbuRequest& r, const MobileNode& node, bool dhcp_server, MobilityOptions& options) {
  if (!r.wants_ipv4() || !node.ipv4) return;
  const auto& [home, router] = *node.ipv4;
  options.push_back(Ipv4HomeAddressReply{Ipv4HomeAddressStatus::Success, home.length, home.address});
  options.push_back(Ipv4DefaultRouter{router});
  options.push_back(Ipv4DhcpSupportMode{dhcp_server});
}

Ipv4HomeAddressStatus ipv4_status(BindingStatus status) {
  const bool prohibited = status == BindingStatus::NotAuthorizedForIpv4HomeAddress ||
                          status == BindingStatus::NotAuthorizedForIpv4MobilityService;
  return prohibited ? Ipv4HomeAddressStatus::AdministrativelyProhibited
                    : Ipv4HomeAddressStatus::ReasonUnspecified;
}

/// Item 1: what was asked for comes back refused.
void add_refused_ipv4(const PbuRequest& r, BindingStatus status, MobilityOptions& options) {
  for (const auto& asked : r.ipv4_requests)
    options.push_back(Ipv4HomeAddressReply{ipv4_status(status), asked.prefix_length, asked.address});
}

/// A request for IPv4 alone is not answered with prefixes (RFC 5844 section 3.1.2.6).
std::vector<MobilityOption> prefixes_asked_for(const PbuRequest& r) {
  std::vector<MobilityOption> all;
  for (const auto& option : find_all<HomeNetworkPrefixOption>(r.update.options)) all.push_back(option);
  if (all.empty() && !r.wants_ipv4()) all.push_back(HomeNetworkPrefixOption{});
  return all;
}

template <class Option>
void echo(const PbuRequest& r, MobilityOptions& options) {
  if (const auto* option = find<Option>(r.update.options)) options.push_back(*option);
}

void add_link(const PbuRequest& r, MobilityOptions& options) {
  options.push_back(HandoffIndicatorOption{r.handoff.value_or(HandoffIndicator::Reserved)});
  options.push_back(AccessTechnologyTypeOption{r.technology.value_or(AccessTechnology::Reserved)});
  echo<MnLinkLayerIdentifier>(r, options);
}

void add_flows(const FlowOutcome& flows, MobilityOptions& options) {
  options.insert(options.end(), flows.bindings.begin(), flows.bindings.end());
  options.insert(options.end(), flows.flows.begin(), flows.flows.end());
}

/// RFC 5845 sections 5.2 and 7.4. The T flag asks for GRE in UDP, which we do not have, and stays clear. RFC
/// 5844 section 4.2.2: UDP is agreed by an option that would tell of a NAT, which there is not.
void add_tunnelling(const PbuRequest& r, const Session& session, ProxyBindingAcknowledgement& message) {
  if (r.deregisters()) return;
  const auto& tunnelling = session.tunnelling;
  if (tunnelling.has_udp()) message.options.push_back(NatDetection{true, NatDetection::kNoKeepalives});
  if (!r.gre) return;
  if (!tunnelling.has_gre()) {
    message.status = BindingStatus::GreKeyOptionNotRequired;
    return;
  }
  if (r.update.tlv_header) message.status = BindingStatus::GreTunnelingButTlvHeaderNotSupported;
  message.options.push_back(
      GreKey{tunnelling.has_keys() ? std::optional(tunnelling.uplink_key) : std::nullopt});
}

/// A request may hold more than an answer can echo; what need not be echoed goes first.
SendMessage send(const PbuRequest& r, ProxyBindingAcknowledgement acknowledgement) {
  SendMessage out{r.meta.destination, r.meta.source, {}, r.meta.source_port};
  MobilityMessage message = std::move(acknowledgement);
  auto& options = std::get<ProxyBindingAcknowledgement>(message).options;
  const auto encoded = [&] { return encode(message, out.source, out.destination); };
  out.mobility_header = encoded();
  if (!out.mobility_header.empty()) return out;
  std::erase_if(options, [](const auto& o) { return std::holds_alternative<FlowIdentification>(o); });
  out.mobility_header = encoded();
  if (!out.mobility_header.empty()) return out;
  bool kept_one = false;
  std::erase_if(options, [&](const auto& o) {
    return std::holds_alternative<HomeNetworkPrefixOption>(o) && std::exchange(kept_one, true);
  });
  out.mobility_header = encoded();
  return out;
}

}  // namespace

SendMessage accept(const PbuRequest& r, const MobileNode& node, const Session& session, std::uint16_t granted,
                   const FlowOutcome& flows, bool dhcp_server, const std::vector<Ipv6Prefix>& off_link) {
  auto message = answer(r, BindingStatus::Accepted, granted);
  auto& options = message.options;
  if (r.has_home_network_prefix) options = prefixes_of(node);
  if (r.has_home_network_prefix)
    for (const auto& prefix : off_link)
      options.push_back(HomeNetworkPrefixOption{true, prefix.length, prefix.address});
  add_delegated(r, session, options);
  add_ipv4(r, node, dhcp_server, options);
  options.push_back(identifier(r));
  add_link(r, options);
  if (r.link_local)
    options.push_back(
        LinkLocalAddressOption{r.link_local->is_unspecified() ? session.link_local : *r.link_local});
  echo<TimestampOption>(r, options);
  echo<AccessNetworkIdentifier>(r, options);
  echo<MagMultipathBinding>(r, options);
  add_tunnelling(r, session, message);
  add_flows(flows, options);
  return send(r, std::move(message));
}

SendMessage reject(const PbuRequest& r, BindingStatus status, const std::optional<LastAccepted>& last,
                   WallTime now) {
  auto message = answer(r, status, 0);
  if (status == BindingStatus::SequenceNumberOutOfWindow && last) message.sequence = last->sequence;
  auto& options = message.options;
  options = prefixes_asked_for(r);
  add_refused_ipv4(r, status, options);
  options.push_back(identifier(r));
  add_link(r, options);
  add_refused_delegated(r, status, options);
  echo<LinkLocalAddressOption>(r, options);
  echo<MagMultipathBinding>(r, options);  // RFC 8278 section 4.4; it tells paths apart in every refusal
  if (r.timestamp)
    options.push_back(tells_the_time(status) ? TimestampOption::from_wall(now)
                                             : TimestampOption{*r.timestamp});
  return send(r, std::move(message));
}

}  // namespace flowmob::core
