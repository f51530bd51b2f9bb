// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/mag/acknowledgement.h"
#include "core/mag/delegation.h"
#include "core/mag/ip_versions.h"
#include "core/mag/path_options.h"
#include "core/mag/registrar.h"
#include "core/mag/router_advertisement.h"
#include "core/mag/tunnel_negotiation.h"

/// The answers of the LMA (RFC 5213 section 6.9.1.2).
namespace flowmob::core {
namespace {

constexpr unsigned kImmediateRetries = 2;  // with the first transmission 3 in a second: MAX_UPDATE_RATE

/// Nothing tells us that the LMA's clock was the wrong one and is right again, or that ours was slewed.
constexpr Duration kBadClockRetry = std::chrono::minutes(5);

bool concerns_ordering(wire::BindingStatus status) {
  return status == wire::BindingStatus::TimestampMismatch ||
         status == wire::BindingStatus::TimestampLowerThanPrevAccepted;
}

bool concerns_delegation(wire::BindingStatus status) {
  return status == wire::BindingStatus::NotAuthorizedForDelegatedMnp ||
         status == wire::BindingStatus::RequestedDmnpInUse;
}

/// The policy's word (RFC 5213 section 6.14), not a passing trouble.
bool has_no_service(wire::BindingStatus status) {
  return status == wire::BindingStatus::ProxyRegNotEnabled ||
         status == wire::BindingStatus::NotLmaForThisMobileNode;
}

/// Where the LMA read on its clock a time between our sending and now, the clocks agree: it was the message
/// that took too long, and a fresh one may do.
bool was_late(Now now, const wire::ProxyBindingAcknowledgement& ack, TimePoint sent) {
  constexpr Duration kSameClock = std::chrono::seconds(1);
  const auto* stamp = wire::find<wire::TimestampOption>(ack.options);
  if (!stamp) return false;
  const WallTime theirs = stamp->to_wall();
  return theirs > now.wall - (now.monotonic - sent) - kSameClock && theirs < now.wall + kSameClock;
}

/// Another path's number may be the same (RFC 8278); the first one's is 1.
bool answers_another_path(const wire::ProxyBindingAcknowledgement& ack) {
  const auto* path = wire::find<wire::MagMultipathBinding>(ack.options);
  return path && path->binding_id != 1;
}

std::uint8_t to_octet(char c) { return static_cast<std::uint8_t>(c); }

}  // namespace

/// Item 5: numbers come again after a restart, and an answer to what was said before it may be late.
bool Registrar::names_another_node(const wire::ProxyBindingAcknowledgement& ack,
                                   const Attachment& attachment) const {
  const auto* named = wire::find<wire::MobileNodeIdentifier>(ack.options);
  if (!named || std::ranges::equal(named->identifier, attachment.mn_id, {}, {}, to_octet)) return false;
  return context_.profile(std::string(named->identifier.begin(), named->identifier.end())) != nullptr;
}

/// By sequence number, which is ours alone where timestamps order the messages. A session's own number may be
/// another's too, and a status of 135 carries the last accepted one instead (RFC 6275 section 9.5.1): there
/// the identifiers have to do.
Attachment* Registrar::match(const wire::ProxyBindingAcknowledgement& ack) {
  if (answers_another_path(ack)) return nullptr;
  const bool has_number = ack.status != wire::BindingStatus::SequenceNumberOutOfWindow;
  if (has_number && context_.config.timestamps) {
    auto* attachment = context_.bindings.find_by_sequence(ack.sequence);
    return attachment && !names_another_node(ack, *attachment) ? attachment : nullptr;
  }
  const auto* link_layer = wire::find<wire::MnLinkLayerIdentifier>(ack.options);
  if (!link_layer || link_layer->identifier.size() != MacAddress{}.octets.size()) return nullptr;
  MacAddress mac;
  std::ranges::copy(link_layer->identifier, mac.octets.begin());
  for (const auto id : context_.bindings.find_all(mac)) {
    auto* attachment = context_.bindings.find(id);
    if (!attachment->request || !echoes_request(ack, *attachment)) continue;
    if (!has_number || attachment->request->find(ack.sequence)) return attachment;
  }
  return nullptr;
}

void Registrar::handle_acknowledgement(Now now, const wire::ProxyBindingAcknowledgement& ack) {
  if (!ack.proxy) return context_.statistics.drop("not-proxy");
  auto* attachment = match(ack);
  if (!attachment) return context_.statistics.drop("unmatched-acknowledgement");
  const SessionId id = attachment->id;
  attachment->vendor_options = wire::find_all<wire::VendorSpecific>(ack.options);
  if (!echoes_request(ack, *attachment))
    hold_back(now, *attachment);
  else if (ack.accepted())
    accepted(now, *attachment, ack);
  else
    rejected(now, *attachment, ack);
  settle(id);
}

/// RFC 5213 section 6.9.1.2, item 6: ignored, and no retransmission until an administrative action.
void Registrar::hold_back(Now now, Attachment& attachment) {
  context_.statistics.drop("echo-mismatch");
  context_.notify("answer-mismatch", attachment);
  const RequestKind kind = attachment.request->kind;
  if (kind == RequestKind::Deregister) return finish_deregistration(attachment, false);
  if (kind == RequestKind::ReleaseIpv4) return ipv4_released(now, attachment, false);
  if (kind == RequestKind::Initial) return refuse(now, attachment, "ANSWER_MISMATCH", std::nullopt);
  attachment.request.reset();
  attachment.status = "ANSWER_MISMATCH";
  attachment.held = true;
}

void Registrar::accepted(Now now, Attachment& attachment, const wire::ProxyBindingAcknowledgement& ack) {
  const RequestKind kind = attachment.request->kind;
  if (kind == RequestKind::Deregister) return finish_deregistration(attachment, true);
  if (kind == RequestKind::ReleaseIpv4) return ipv4_released(now, attachment, true);
  auto prefixes = attachment.ipv6 ? assigned_prefixes(ack) : std::vector<Ipv6Prefix>{};
  if (!prefixes) return context_.statistics.drop(prefixes.error().code);
  if (ack.lifetime == 0) return context_.statistics.drop("zero-lifetime");

  const auto ipv4 = attachment.ipv4 ? assigned_ipv4(ack) : std::nullopt;
  if (!attachment.ipv6 && !ipv4)
    return refuse(now, attachment, "NO_IPV4_HOME_ADDRESS", context_.config.max_bindack_timeout);

  attachment.status = wire::to_string(ack.status);
  attachment.dhcp_server = says_dhcp_server(ack);
  if (ipv4 && !attachment.dhcp_server && !attachment.ipv4_home && context_.config.dhcp_servers.empty())
    context_.notify("dhcp-relay-not-supported", attachment);
  if (kind == RequestKind::Initial) note_access_network(attachment, ack);
  note_multipath(attachment, ack);
  take_flow_answers(attachment, ack);
  const bool carried_otherwise = adopt_tunnelling(context_, attachment, ack);
  const auto off_link = off_link_said(attachment, ack);
  auto delegated = delegated_said(attachment, ack);
  adopt_lifetime(attachment, ack, attachment.request->find(ack.sequence)->sent);
  if (kind != RequestKind::Refresh && attachment.services_registered < attachment.services.size())
    ++attachment.services_registered;
  attachment.request.reset();
  attachment.off_link_asked = false;
  adopt_link_local(now, attachment, kind, ack);

  bool changed = attachment.prefixes != *prefixes || attachment.ipv4_home != ipv4 ||
                 attachment.delegated != delegated || carried_otherwise;
  attachment.delegated = std::move(delegated);
  attachment.ipv4_home = ipv4;
  if (ipv4) attachment.ipv4_asking.note_granted(now.monotonic);
  service_.assign_prefixes(now, attachment, std::move(*prefixes));
  if (off_link && !off_link->empty()) attachment.off_link_named = true;
  if (off_link && *off_link != attachment.off_link) {
    service_.assign_off_link(attachment, *off_link);
    changed = true;
  }
  if (attachment.state == AttachmentState::Registering || changed) return service_.install(attachment);
  if (attachment.pending_install) return;
  Json fields = Json::object();
  add_vendor_options(attachment, fields);
  context_.notify("reregistered", attachment, fields);
  service_.persist(now, attachment);
  next_request(now, attachment);
}

/// RFC 7864 section 3.3. An answer that names some says the whole, and so do the first one, one that the LMA
/// has asked for, and all of an LMA that has named some in an answer: if it names none any more, it has none,
/// or has lost what it knew. Another's silence means nothing: it need not repeat what a notification has
/// said. Nor does an answer to what was sent before the last notification.
std::optional<std::vector<Ipv6Prefix>> Registrar::off_link_said(
    const Attachment& attachment, const wire::ProxyBindingAcknowledgement& ack) const {
  auto said = off_link_prefixes(ack.options);
  if (!said || !attachment.ipv6 ||
      (said->empty() && !attachment.off_link_asked && !attachment.off_link_named))
    return std::nullopt;
  if (attachment.request->find(ack.sequence)->sent < attachment.off_link_said) return std::nullopt;
  const auto named = wire::find_all<wire::HomeNetworkPrefixOption>(ack.options);
  std::erase_if(*said, [&](const auto& prefix) {
    return service_.is_on_other_link(attachment, prefix) ||
           std::ranges::any_of(named, [&](const auto& o) { return !o.off_link && o.to_prefix() == prefix; });
  });
  const auto own =
      static_cast<std::size_t>(std::ranges::count(named, false, &wire::HomeNetworkPrefixOption::off_link));
  const auto room = kMostPrefixes - std::min(kMostPrefixes, own);
  if (said->size() > room) said->resize(room);
  return said;
}

/// What this answer delegates to the network behind the node (RFC 7148 section 5.1.2). One that delegates
/// what nobody can forward delegates nothing.
std::vector<Ipv6Prefix> Registrar::delegated_said(const Attachment& attachment,
                                                  const wire::ProxyBindingAcknowledgement& ack) {
  if (!asks_for_delegated(context_, attachment)) return {};
  auto said = delegated_prefixes(ack.options);
  if (!said) context_.notify("delegated-prefixes-unusable", attachment);
  return std::move(said).value_or(std::vector<Ipv6Prefix>{});
}

/// The prefixes of the network behind the node are not forwarded from here on. Other than those that were
/// named may be had; else the registration goes on without. The node may have given them back since: what is
/// sent next says so, too. False: it was not asked for any.
bool Registrar::lose_delegated(Attachment& attachment, wire::BindingStatus status) {
  if (!std::exchange(attachment.request->asks_for_delegated, false)) return false;
  if (attachment.delegation_released) attachment.delegation_unsaid = false;
  const bool named_some = attachment.request->kind != RequestKind::Initial && !attachment.delegated.empty();
  attachment.delegation_refused = status == wire::BindingStatus::NotAuthorizedForDelegatedMnp || !named_some;
  if (attachment.delegated.empty()) return true;
  attachment.delegated.clear();
  if (attachment.host_installed) service_.install(attachment);
  return true;
}

/// What is left of the binding is registered on as before.
void Registrar::ipv4_released(Now now, Attachment& attachment, bool accepted) {
  attachment.request.reset();
  attachment.ipv4_home.reset();
  attachment.refresh_at = std::max(now.monotonic, *attachment.expires - attachment.lifetime / 2);
  context_.notify("ipv4-released", attachment, {{"accepted", accepted}});
  service_.install(attachment);
}

/// RFC 5844 section 3.2.3.2. The other family may still be had.
void Registrar::refuse_family(Now now, Attachment& attachment, const std::string& status,
                              RefusalReaction reaction) {
  const bool asked_for_any = !attachment.ipv4_wanted && !attachment.ipv4_home;
  if (reaction == RefusalReaction::WithoutIpv6) {
    attachment.ipv6 = false;
  } else if (reaction == RefusalReaction::WithoutIpv4 || asked_for_any) {
    attachment.ipv4 = false;
    attachment.ipv4_refused = true;
  } else {
    attachment.ipv4_wanted.reset();
  }
  refuse(now, attachment, status, std::nullopt);
  if (attachment.ipv6 || attachment.ipv4) start(now, attachment);
}

/// RFC 6757 section 4.1: an LMA that does not repeat what we said of the access network knows nothing of it.
void Registrar::note_access_network(const Attachment& attachment,
                                    const wire::ProxyBindingAcknowledgement& ack) {
  if (access_network_of(context_, attachment) && !wire::find<wire::AccessNetworkIdentifier>(ack.options))
    context_.notify("access-network-ignored", attachment);
}

/// RFC 6089 section 5.2.6. It says nothing about the binding.
void Registrar::take_flow_answers(Attachment& attachment, const wire::ProxyBindingAcknowledgement& ack) {
  const auto sent = attachment.request->find(ack.sequence)->sent;
  for (const auto& flow : attachment.flows.take_answer(ack.options, sent)) {
    Json fields{{"flow", flow.flow.name}, {"flow_id", flow.id}, {"status", flow.status}};
    const bool is_accepted = flow.state == FlowAnnouncements::State::Accepted;
    context_.statistics.message(is_accepted ? "flows_accepted" : "flows_refused");
    context_.notify(is_accepted ? "flow-accepted" : "flow-refused", attachment, fields);
    if (flow.is_observed && !is_accepted) leave_to_lma(attachment, flow);
  }
}

/// What the node moved here goes where the LMA has it.
void Registrar::leave_to_lma(Attachment& attachment, const FlowAnnouncements::Flow& flow) {
  attachment.observed.forget(flow.flow.name);
  attachment.flows.forget(flow.flow.name);
  if (!is_prohibited(flow)) return;
  attachment.observed.stop();
  want_flows(attachment);
}

bool Registrar::uses_paths(const Attachment& attachment) const {
  return !context_.config.paths.empty() && attachment.multipath != Multipath::Disabled;
}

/// RFC 8278 section 4.4: whoever repeats what we say of our path knows of several.
void Registrar::note_multipath(Attachment& attachment, const wire::ProxyBindingAcknowledgement& ack) const {
  if (!uses_paths(attachment)) return;
  const bool agrees = wire::find<wire::MagMultipathBinding>(ack.options) != nullptr;
  attachment.multipath = agrees ? Multipath::Agreed : Multipath::Disabled;
}

/// Counts from the sending of what is answered; a shorter grant shortens what remains (RFC 6275 section
/// 11.7.3), a longer one than was asked for lengthens nothing. The LMA may advise to refresh sooner.
void Registrar::adopt_lifetime(Attachment& attachment, const wire::ProxyBindingAcknowledgement& ack,
                               TimePoint sent) {
  attachment.lifetime = std::min(ack.lifetime, attachment.request->lifetime) * wire::kLifetimeUnit;
  attachment.expires = sent + attachment.lifetime;
  Duration interval = attachment.lifetime / 2;
  if (const auto* advice = wire::find<wire::BindingRefreshAdvice>(ack.options); advice && advice->interval)
    interval = std::min<Duration>(interval, advice->interval * wire::kLifetimeUnit);
  attachment.refresh_at = sent + interval;
}

/// Without a fixed address the LMA says ours, unless the node itself uses it: then we choose another and
/// upload it at once (RFC 5213 section 6.9.1.2, item 15).
void Registrar::adopt_link_local(Now now, Attachment& attachment, RequestKind kind,
                                 const wire::ProxyBindingAcknowledgement& ack) {
  if (!context_.config.router_link_local.is_unspecified()) return;
  const auto* option = wire::find<wire::LinkLocalAddressOption>(ack.options);
  if (option && option->address.is_link_local() && option->address != attachment.node_link_local) {
    attachment.router_link_local = option->address;
    return;
  }
  attachment.router_link_local = own_link_local(*context_.access(attachment.access));
  if (option && kind == RequestKind::Initial) attachment.refresh_at = now.monotonic;
}

void Registrar::rejected(Now now, Attachment& attachment, const wire::ProxyBindingAcknowledgement& ack) {
  const std::string name = wire::to_string(ack.status);
  context_.statistics.rejection(name);
  const RequestKind kind = attachment.request->kind;
  // A newer message is under way, which the LMA may well like.
  if (concerns_ordering(ack.status) && ack.sequence != attachment.request->transmissions.back().sequence)
    return;
  if (kind == RequestKind::Deregister) return deregistration_rejected(now, attachment, ack);
  if (kind == RequestKind::ReleaseIpv4 && !concerns_ordering(ack.status) &&
      ack.status != wire::BindingStatus::SequenceNumberOutOfWindow)
    return ipv4_released(now, attachment, false);
  Json fields{{"status", name}, {"code", static_cast<unsigned>(ack.status)}};
  add_vendor_options(attachment, fields);
  context_.notify("registration-refused", attachment, fields);
  if (ack.status == wire::BindingStatus::GreKeyOptionRequired && note_gre_required(attachment))
    return retry(now, attachment);
  if (ack.status == wire::BindingStatus::CannotSupportMultipathBinding && uses_paths(attachment)) {
    attachment.multipath = Multipath::Disabled;
    return retry(now, attachment);
  }
  if (concerns_delegation(ack.status) && lose_delegated(attachment, ack.status))
    return retry(now, attachment);
  if (kind == RequestKind::Service && ack.status == wire::BindingStatus::ServiceAuthorizationFailed)
    return service_refused(now, attachment);

  attachment.status = name;
  const auto& config = context_.config;
  switch (reaction_to(ack.status)) {
    case RefusalReaction::Stop:
      refuse(now, attachment, name, std::nullopt);
      if (has_no_service(ack.status)) service_.offer_visit(now, attachment);
      return;
    case RefusalReaction::RetryLater:
      return refuse(now, attachment, name, config.max_bindack_timeout);
    case RefusalReaction::AwaitClock:
      if (was_late(now, ack, attachment.request->transmissions.back().sent)) return retry(now, attachment);
      refuse(now, attachment, name, config.max_bindack_timeout);
      attachment.clock_offset = now.clock_offset();
      attachment.retry_anyway_at = now.monotonic + kBadClockRetry;
      return;
    case RefusalReaction::AdoptSequence:
      adopt_sequence(attachment, ack.sequence);
      return retry(now, attachment);
    case RefusalReaction::RegisterAgain:
      return retry(now, attachment);
    case RefusalReaction::AnyIpv4:
    case RefusalReaction::WithoutIpv4:
    case RefusalReaction::WithoutIpv6:
      return refuse_family(now, attachment, name, reaction_to(ack.status));
    case RefusalReaction::AskForAny:
      refuse(now, attachment, name, std::nullopt);
      if (kind != RequestKind::Initial) start(now, attachment);
      return;
  }
}

void Registrar::adopt_sequence(Attachment& attachment, std::uint16_t accepted) {
  (context_.config.timestamps ? context_.sequence : attachment.sequence) = accepted;
}

/// At once, but only a few times; then at the pace of the retransmissions.
void Registrar::retry(Now now, Attachment& attachment) {
  if (++attachment.request->immediate_retries <= kImmediateRetries) transmit(now, attachment);
}

/// The binding goes with the service that is not to be had (RFC 5149 section 4.1); the node comes back
/// without that one.
void Registrar::service_refused(Now now, Attachment& attachment) {
  attachment.services.erase(attachment.services.begin() +
                            static_cast<std::ptrdiff_t>(attachment.services_registered));
  begin_anew(now, attachment);
}

void Registrar::deregistration_rejected(Now now, Attachment& attachment,
                                        const wire::ProxyBindingAcknowledgement& ack) {
  switch (reaction_to(ack.status)) {
    case RefusalReaction::AdoptSequence:
      adopt_sequence(attachment, ack.sequence);
      return retry(now, attachment);
    case RefusalReaction::RegisterAgain:
      return retry(now, attachment);
    case RefusalReaction::AwaitClock:
      if (was_late(now, ack, attachment.request->transmissions.back().sent)) return retry(now, attachment);
      return finish_deregistration(attachment, false);
    default:
      return finish_deregistration(attachment, false);
  }
}

void Registrar::finish_deregistration(Attachment& attachment, bool accepted) {
  service_.remove(attachment);
  context_.notify("deregistered", attachment, {{"accepted", accepted}});
  context_.bindings.erase(attachment.id);
}

}  // namespace flowmob::core
