// SPDX-License-Identifier: Apache-2.0
#include "core/mag/registrar.h"

#include <algorithm>
#include <limits>

#include "core/mag/acknowledgement.h"
#include "core/mag/delegation.h"
#include "core/mag/path_options.h"
#include "core/mag/proxy_binding_update.h"
#include "core/mag/tunnel_negotiation.h"

namespace flowmob::core {
namespace {

/// A clock that moved by less was not set.
constexpr Duration kClockStep = std::chrono::milliseconds(10);

/// Its binding is over before the LMA has answered: nothing is left to be ended but the service.
bool ends_while_leaving(NodeService& service, Attachment& attachment) {
  if (attachment.state != AttachmentState::Deregistering) return false;
  service.remove(attachment);
  attachment.expires.reset();
  return true;
}

Json ipv4_json(const Attachment& attachment) {
  return attachment.ipv4_home ? Json(attachment.ipv4_home->address.to_string()) : Json();
}

/// What the node's clock says by now. Whatever it said, a stamp has an end.
wire::TimestampOption later(const NodeStamp& stamp, TimePoint now) {
  const auto elapsed = wire::TimestampOption::from_wall(WallTime(now - stamp.heard)).value;
  return {stamp.value + std::min(elapsed, std::numeric_limits<std::uint64_t>::max() - stamp.value)};
}

/// Whoever says for the first time that it has paths: a predecessor may have left others.
bool replaces_paths(const Attachment& attachment) {
  const auto& request = *attachment.request;
  return request.kind == RequestKind::Initial ||
         (request.lifetime != 0 && attachment.multipath == Multipath::Unknown);
}

}  // namespace

/// Whatever happened to the entry, the indexes follow; it may be gone.
void Registrar::settle(SessionId id) {
  if (const auto* attachment = context_.bindings.find(id)) context_.bindings.update(*attachment);
}

void Registrar::register_node(Now now, Attachment& attachment) {
  start(now, attachment);
  settle(attachment.id);
}

void Registrar::start(Now now, Attachment& attachment) {
  const bool known_to_lma =
      attachment.state == AttachmentState::Registering || attachment.state == AttachmentState::Deregistering;
  if (!known_to_lma) attachment.technology = context_.access(attachment.access)->technology;
  attachment.state = AttachmentState::Registering;
  attachment.status.clear();
  attachment.services_registered = 0;
  attachment.delegation_refused = attachment.delegation_released = false;
  attachment.delegation_asked = attachment.delegation_unsaid = false;
  attachment.ipv4_asking = {};
  attachment.off_link_asked = true;
  attachment.observed.clear();  // they may be elsewhere by now
  want_flows(attachment);
  attachment.flows.start_anew();
  // One that comes back while it leaves is served on: until its former binding ends, whatever the LMA says or
  // not.
  if (!attachment.host_installed) attachment.expires.reset();
  begin(now, attachment, RequestKind::Initial);
}

void Registrar::register_services(Now now, Attachment& attachment) {
  attachment.services_registered = 0;
  attachment.delegation_refused = false;
  begin(now, attachment, attachment.services.empty() ? RequestKind::Refresh : RequestKind::Service);
  settle(attachment.id);
}

bool Registrar::want_flows(Attachment& attachment) const {
  const auto* access = context_.access(attachment.access);
  if (!access) return false;
  const auto flows = flows_of(*access, context_.profile(attachment.mn_id));
  return attachment.flows.want(access->binding, wanted_flows(flows, attachment.flows.switched),
                               attachment.observed.templates());
}

void Registrar::announce_flows(Now now, Attachment& attachment, bool anyway) {
  const bool is_news = want_flows(attachment) || anyway;
  if (!is_news || attachment.state != AttachmentState::Registered || attachment.held) return;
  const bool is_under_way = attachment.request && attachment.request->kind != RequestKind::Refresh;
  if (!is_under_way) begin(now, attachment, RequestKind::Refresh);
  settle(attachment.id);
}

void Registrar::switch_flow(Now now, Attachment& attachment, const std::string& flow, bool on) {
  attachment.flows.switched[flow] = on;
  if (attachment.persisted) service_.persist(now, attachment);
  announce_flows(now, attachment, on && attachment.flows.retry(flow));
}

void Registrar::refresh(Now now, Attachment& attachment) {
  begin(now, attachment, RequestKind::Refresh);
  settle(attachment.id);
}

void Registrar::refresh_if_present(Now now, Attachment& attachment) {
  auto& presence = attachment.presence;
  if (!presence || !attachment.is_address_known() ||
      presence->is_proven(now.monotonic, context_.config.neighbor_probe_interval))
    return refresh(now, attachment);
  attachment.refresh_at.reset();
  presence->refresh_waits = true;
  if (presence->unanswered == 0) presence->next = now.monotonic;
  settle(attachment.id);
}

void Registrar::refresh_when_free(Now now, Attachment& attachment) {
  if (attachment.state == AttachmentState::Registered && !attachment.held && !attachment.request)
    refresh_if_present(now, attachment);
}

/// A request that is under way has yet to be answered by what the LMA knows now.
void Registrar::register_by_request(Now now, Attachment& attachment) {
  attachment.off_link_asked = true;
  if (attachment.state != AttachmentState::Registered || attachment.held) return;
  begin_paced(now, attachment);
  settle(attachment.id);
}

/// MAX_UPDATE_RATE is 3 a second (RFC 6275 section 11.8), whoever is behind it.
void Registrar::begin_paced(Now now, Attachment& attachment) {
  constexpr Duration kPace = std::chrono::milliseconds(334);
  const TimePoint earliest = attachment.update_asked ? *attachment.update_asked + kPace : now.monotonic;
  if (earliest > now.monotonic)
    attachment.refresh_at = std::min(attachment.refresh_at.value_or(earliest), earliest);
  else
    begin(now, attachment, RequestKind::Refresh);
}

void Registrar::renew_service(Attachment& attachment) {
  if (attachment.host_installed) service_.install(attachment);
  settle(attachment.id);
}

void Registrar::request_ipv4(Now now, Attachment& attachment) {
  if (attachment.ipv4_refused || attachment.ipv4_home) return;
  if (attachment.state != AttachmentState::Registered || attachment.request || attachment.held)
    return context_.statistics.drop("dhcp-before-binding");
  if (now.monotonic < attachment.ipv4_asking.earliest) return context_.statistics.drop("dhcp-too-often");
  context_.statistics.drop("dhcp-before-binding");
  attachment.ipv4_asking.note_asked(now.monotonic);
  attachment.ipv4 = true;
  begin(now, attachment, RequestKind::Refresh);
  settle(attachment.id);
}

void Registrar::release_ipv4(Now now, Attachment& attachment) {
  if (attachment.state != AttachmentState::Registered || !attachment.ipv4_home) return;
  if (attachment.held) return context_.statistics.drop("dhcp-held-back");
  attachment.ipv4 = false;
  if (attachment.ipv6)
    begin(now, attachment, RequestKind::ReleaseIpv4);
  else
    begin_deregistration(now, attachment);  // there is nothing else
  settle(attachment.id);
}

/// What is under way may be a release: what comes of the question is known when that is answered.
void Registrar::request_delegated(Now now, Attachment& attachment) {
  if (attachment.state != AttachmentState::Registered || attachment.request) return;
  attachment.delegation_released = false;
  attachment.delegation_asked = attachment.delegation_unsaid = true;
  tell_delegation(now, attachment);
  settle(attachment.id);
}

/// An update without them: what it does not name is the session's no more (RFC 7148 section 5.2.2).
void Registrar::release_delegated(Now now, Attachment& attachment) {
  if (attachment.state != AttachmentState::Registered) return;
  attachment.delegation_released = attachment.delegation_unsaid = true;
  attachment.delegation_asked = false;
  tell_delegation(now, attachment);
  settle(attachment.id);
}

/// In place of a refresh that is under way, and behind anything else: next_request() comes back to it.
void Registrar::tell_delegation(Now now, Attachment& attachment) {
  const bool is_under_way = attachment.request && attachment.request->kind != RequestKind::Refresh;
  if (!is_under_way && !attachment.held) begin_paced(now, attachment);
}

void Registrar::lose_ipv4(Now now, Attachment& attachment) {
  attachment.ipv4 = false;
  if (attachment.state == AttachmentState::Registered)
    ipv4_released(now, attachment, true);
  else
    attachment.ipv4_home.reset();  // and what is being registered is registered without
  settle(attachment.id);
}

void Registrar::begin_deregistration(Now now, Attachment& attachment) {
  attachment.state = AttachmentState::Deregistering;
  attachment.presence.reset();
  attachment.persist_at.reset();
  begin(now, attachment, RequestKind::Deregister);
  settle(attachment.id);
}

void Registrar::deregister_departed(Now now, Attachment& attachment) {
  attachment.state = AttachmentState::Departed;
  attachment.expires.reset();
  attachment.presence.reset();
  begin(now, attachment, RequestKind::Deregister);
  settle(attachment.id);
}

void Registrar::cut_service(Attachment& attachment) {
  service_.cut(attachment);
  settle(attachment.id);
}

void Registrar::drop(Attachment& attachment) {
  service_.remove(attachment);
  context_.bindings.erase(attachment.id);
}

void Registrar::begin(Now now, Attachment& attachment, RequestKind kind) {
  const auto& config = context_.config;
  attachment.refresh_at.reset();
  attachment.retry_at.reset();
  attachment.clock_offset.reset();
  attachment.held = false;
  const RetransmissionTimer timer(now.monotonic, config.initial_bindack_timeout, config.max_bindack_timeout);
  const bool ends = kind == RequestKind::Deregister || kind == RequestKind::ReleaseIpv4;
  if ((kind == RequestKind::Refresh && attachment.off_link_asked) || (!ends && attachment.delegation_unsaid))
    attachment.update_asked = now.monotonic;
  if (!ends) attachment.delegation_unsaid = false;
  const auto lifetime = ends ? std::uint16_t{0} : lifetime_units(config.lifetime);
  attachment.request = Request{kind, lifetime, timer, {}, 0, 0};
  transmit(now, attachment);
}

void Registrar::transmit(Now now, Attachment& attachment) {
  const auto sequence = next_sequence(attachment);
  attachment.request->note_sent(sequence, now.monotonic);
  const auto& config = context_.config;
  auto update = build_update(attachment, config.router_link_local.is_unspecified(),
                             {sequence, timestamp(now, attachment)});
  if (auto network = access_network_of(context_, attachment))
    update.options.emplace_back(std::move(*network));
  if (add_delegated(context_, attachment, update.options)) attachment.request->asks_for_delegated = true;
  ask_for_tunnelling(context_, attachment, update);
  add_paths(attachment, update.options);
  if (attachment.request->lifetime != 0)
    attachment.flows.add_options(context_.access(attachment.access)->binding, now.monotonic, update.options);
  const auto& source = context_.care_of(attachment);
  auto header = wire::encode(update, source, config.lma);
  if (header.empty()) return context_.statistics.drop("update-too-long");
  context_.statistics.message("pbu_sent");
  context_.emit(SendMessage{source, config.lma, std::move(header)});
}

/// RFC 8278 section 4.4. Where the first path is dead its binding is kept alive by another one.
void Registrar::add_paths(const Attachment& attachment, wire::MobilityOptions& options) const {
  const auto& config = context_.config;
  if (!attachment.care_of.is_unspecified())
    options.emplace_back(wire::AlternateCareOfAddress{config.address});
  if (uses_paths(attachment)) add_path_options(config, 1, replaces_paths(attachment), options);
}

/// One counter for all where it only pairs answers with questions, else one for each session (RFC 5213
/// section 6.9.1.1).
std::uint16_t Registrar::next_sequence(Attachment& attachment) {
  return context_.config.timestamps ? context_.next_sequence() : ++attachment.sequence;
}

/// By our clock, or by the node's own, which went on since it was heard (RFC 5213 section 5.5).
std::optional<wire::TimestampOption> Registrar::timestamp(Now now, Attachment& attachment) {
  const auto& config = context_.config;
  if (!config.timestamps) return std::nullopt;
  auto& stamp = attachment.node_stamp;
  if (!config.mobile_node_timestamps || !stamp) return context_.timestamps.next(now.wall);
  return attachment.node_timestamps.next(later(*stamp, now.monotonic));
}

void Registrar::handle_due(Now now, Attachment& attachment) {
  const SessionId id = attachment.id;
  const auto due = [&](const std::optional<TimePoint>& deadline) {
    return deadline && *deadline <= now.monotonic;
  };
  if (due(attachment.expires) && !ends_while_leaving(service_, attachment)) expire(now, attachment);
  if (due(attachment.persist_at)) service_.persist(now, attachment);
  if (due(attachment.refresh_at)) refresh_if_present(now, attachment);
  if (due(attachment.retry_at)) retry_due(now, attachment);
  if (attachment.advertisements && due(attachment.advertisements->next()))
    service_.advance_advertising(now, attachment);
  if (attachment.request && due(attachment.request->timer.deadline())) request_due(now, attachment);
  settle(id);
}

void Registrar::request_due(Now now, Attachment& attachment) {
  if (attachment.request->kind == RequestKind::Deregister) return deregistration_due(now, attachment);
  if (attachment.request->kind == RequestKind::ReleaseIpv4 &&
      attachment.request->retransmissions == kMaxDeregistrations)
    return ipv4_released(now, attachment, false);
  auto& request = *attachment.request;
  request.timer.restart(now.monotonic);
  if (attachment.is_doubtful()) return;  // RFC 5213 section 6.9.4: only of one that is still attached
  ++request.retransmissions;
  request.immediate_retries = 0;
  context_.statistics.message("pbu_retransmitted");
  context_.notify("retransmitting", attachment, {{"attempt", request.retransmissions}});
  transmit(now, attachment);
}

/// The state goes after INITIAL_BINDACK_TIMEOUT, answered or not (RFC 5213 section 6.9.1.4). The message
/// alone is repeated, as the LMA would otherwise send to a link without the node until the binding expires.
void Registrar::deregistration_due(Now now, Attachment& attachment) {
  if (attachment.state == AttachmentState::Deregistering) {
    service_.cut(attachment);
    attachment.expires.reset();
    attachment.state = AttachmentState::Departed;
  }
  auto& request = *attachment.request;
  if (request.retransmissions == kMaxDeregistrations) {
    context_.notify("deregistration-unanswered", attachment);
    service_.remove(attachment);
    context_.bindings.erase(attachment.id);
    return;
  }
  ++request.retransmissions;
  request.timer.restart(now.monotonic);
  context_.statistics.message("pbu_retransmitted");
  transmit(now, attachment);
}

void Registrar::expire(Now now, Attachment& attachment) {
  context_.notify("binding-expired", attachment);
  if (attachment.held) return refuse(now, attachment, attachment.status, std::nullopt);
  begin_anew(now, attachment);
}

/// Nothing of the former binding is left when the next registration leaves, but its record: a successor would
/// else not know of a node that believes in its router and never asks.
void Registrar::begin_anew(Now now, Attachment& attachment) {
  service_.stop_advertising(now, attachment, true);
  service_.cut(attachment);
  service_.assign_prefixes(now, attachment, {});
  attachment.ipv4_home.reset();
  attachment.delegated.clear();
  start(now, attachment);
}

void Registrar::retry_due(Now now, Attachment& attachment) {
  if (attachment.clock_offset) {
    const Duration moved = now.clock_offset() - *attachment.clock_offset;
    if (moved < kClockStep && moved > -kClockStep && now.monotonic < *attachment.retry_anyway_at) {
      attachment.retry_at = now.monotonic + context_.config.max_bindack_timeout;
      return;
    }
  }
  start(now, attachment);
}

void Registrar::refuse(Now now, Attachment& attachment, std::string status,
                       std::optional<Duration> retry_in) {
  service_.stop_advertising(now, attachment, true);
  service_.remove(attachment);
  attachment.state = AttachmentState::Refused;
  attachment.status = std::move(status);
  service_.assign_prefixes(now, attachment, {});
  attachment.ipv4_home.reset();
  attachment.delegated.clear();
  attachment.request.reset();
  attachment.expires.reset();
  attachment.refresh_at.reset();
  attachment.retry_at.reset();
  if (retry_in) attachment.retry_at = now.monotonic + *retry_in;
}

/// The LMA believes that we serve the node, and we cannot: it had better use another link.
void Registrar::give_back(Now now, Attachment& attachment) {
  Attachment copy = attachment;
  copy.host_installed = copy.persisted = false;
  copy.advertisements.reset();
  copy.request.reset();
  copy.off_link.clear();
  auto& departed = context_.bindings.add(std::move(copy));
  deregister_departed(now, departed);
  refuse(now, attachment, "HOST_INSTALL_FAILED", context_.config.max_bindack_timeout);
}

/// What was asked for in addition does not fit: what is promised to the LMA does.
void Registrar::restore_off_link(Attachment& attachment) {
  auto former = std::move(*std::exchange(attachment.former_off_link, std::nullopt));
  service_.assign_off_link(attachment, std::move(former));
  service_.install(attachment);
}

bool Registrar::forward_off_link(Attachment& attachment, std::vector<Ipv6Prefix> prefixes) {
  if (attachment.off_link == prefixes) return false;
  if (!attachment.former_off_link) attachment.former_off_link = attachment.off_link;
  service_.assign_off_link(attachment, std::move(prefixes));
  if (attachment.host_installed) service_.install(attachment);
  return true;
}

void Registrar::handle_install_result(Now now, EffectId id, const Result<void>& outcome) {
  auto* attachment = context_.bindings.find(SessionId{static_cast<std::uint32_t>(id.value)});
  if (!attachment || attachment->pending_install != id) return;
  attachment->pending_install = {};
  if (outcome) {
    attachment->former_off_link.reset();
    in_service(now, *attachment);
  } else {
    context_.notify("host-install-failed", *attachment,
                    {{"code", outcome.error().code}, {"message", outcome.error().message}});
    if (attachment->state == AttachmentState::Deregistering) return;  // it is given back already
    if (attachment->former_off_link) return restore_off_link(*attachment);
    give_back(now, *attachment);
  }
  settle(attachment->id);
}

void Registrar::in_service(Now now, Attachment& attachment) {
  if (attachment.state == AttachmentState::Registering && !attachment.request) {
    attachment.state = AttachmentState::Registered;
    Json prefixes = Json::array();
    for (const auto& prefix : attachment.prefixes) prefixes.push_back(prefix.to_string());
    Json delegated = Json::array();
    for (const auto& prefix : attachment.delegated) delegated.push_back(prefix.to_string());
    Json fields{{"prefixes", prefixes},
                {"delegated_prefixes", delegated},
                {"ipv4_address", ipv4_json(attachment)},
                {"lifetime_seconds", std::chrono::floor<std::chrono::seconds>(attachment.lifetime).count()}};
    add_vendor_options(attachment, fields);
    context_.notify("registered", attachment, fields);
  }
  if (attachment.state != AttachmentState::Registered) return;
  service_.persist(now, attachment);  // first: a node that was served does not solicit again
  service_.start_advertising(now, attachment);
  next_request(now, attachment);
}

/// What one update could not say.
void Registrar::next_request(Now now, Attachment& attachment) {
  if (attachment.request) return;
  if (attachment.services_registered < attachment.services.size())
    begin(now, attachment, RequestKind::Service);
  else if (attachment.flows.is_due())
    begin(now, attachment, RequestKind::Refresh);
  else if (attachment.delegation_unsaid)
    tell_delegation(now, attachment);
}

}  // namespace flowmob::core
