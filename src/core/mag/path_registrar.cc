// SPDX-License-Identifier: Apache-2.0
#include "core/mag/path_registrar.h"

#include <algorithm>

#include "core/mag/acknowledgement.h"
#include "core/mag/delegation.h"
#include "core/mag/path_options.h"
#include "core/mag/proxy_binding_update.h"

namespace flowmob::core {
namespace {

/// The LMA has agreed to several paths for it. The keys of GRE are the first path's.
bool has_paths(const Attachment& attachment) {
  return attachment.state == AttachmentState::Registered && attachment.multipath == Multipath::Agreed &&
         !attachment.tunnelling.has_gre();
}

/// Whether a path was registered for what the first path has by now.
bool has_addresses_of(const Attachment& path, const Attachment& first) {
  return path.prefixes == first.prefixes && path.ipv4_home == first.ipv4_home &&
         path.delegated == first.delegated;
}

/// RFC 5213 sections 6.9.1.3 and 6.9.4: whether it is still there has to be known first.
bool is_in_doubt(const Attachment* attachment) {
  return attachment &&
         (attachment->is_doubtful() || (attachment->presence && attachment->presence->refresh_waits));
}

/// It was a predecessor's, which may have registered any path; the LMA has not been asked since.
bool is_inherited(const Attachment& attachment) {
  return attachment.persisted && attachment.multipath == Multipath::Unknown;
}

bool is_out_of_order(wire::BindingStatus status) {
  return status == wire::BindingStatus::TimestampLowerThanPrevAccepted ||
         status == wire::BindingStatus::SequenceNumberOutOfWindow;
}

}  // namespace

PathRegistrar::PathRegistrar(MagContext& context, Registrar& registrar)
    : context_(context), registrar_(registrar) {
  context_.bindings.note_changes(context_.config.paths.size() > 1);
}

const PathConfig& PathRegistrar::config_of(const Path& path) const {
  return context_.config.paths.at(path.binding_id - 1U);
}

void PathRegistrar::unindex(Path& path) {
  const Key key{path.node.id, path.binding_id};
  if (path.queued) deadlines_.erase({*path.queued, key});
  path.queued.reset();
  for (const auto sequence : path.sequences)
    if (const auto at = by_sequence_.find(sequence); at != by_sequence_.end() && at->second == key)
      by_sequence_.erase(at);
  path.sequences.clear();
}

/// After a path was changed.
void PathRegistrar::index(Path& path) {
  unindex(path);
  const Key key{path.node.id, path.binding_id};
  const auto& node = path.node;
  for (const auto& one : {node.expires, node.refresh_at, node.retry_at,
                          node.request ? std::optional(node.request->timer.deadline()) : std::nullopt})
    if (one && (!path.queued || *one < *path.queued)) path.queued = one;
  if (path.queued) deadlines_.emplace(*path.queued, key);
  if (!node.request) return;
  for (const auto& sent : node.request->transmissions) {
    path.sequences.push_back(sent.sequence);
    by_sequence_[sent.sequence] = key;
  }
}

void PathRegistrar::erase(Paths::iterator path) {
  unindex(path->second);
  paths_.erase(path);
}

std::pair<PathRegistrar::Paths::const_iterator, PathRegistrar::Paths::const_iterator> PathRegistrar::paths_of(
    SessionId id) const {
  return {paths_.lower_bound({id, 0}), paths_.upper_bound({id, 0xff})};
}

void PathRegistrar::settle(Now now) {
  for (const auto id : context_.bindings.take_changed()) follow(now, id);
  if (std::exchange(known_restarts_, context_.anchor_restarts) != context_.anchor_restarts) register_all(now);
  if (std::exchange(first_is_dead_, context_.first_path_is_dead) == context_.first_path_is_dead) return;
  for (const auto id : context_.bindings.ids()) choose_uplink(*context_.bindings.find(id));
}

/// An LMA that has restarted may know nothing of them (RFC 5847 section 3), as of the first.
void PathRegistrar::register_all(Now now) {
  for (auto& [key, path] : paths_)
    if (path.is_registered() && !path.node.request) request(now, path, RequestKind::Refresh);
}

void PathRegistrar::follow(Now now, SessionId id) {
  auto* attachment = context_.bindings.find(id);
  if (attachment) leave_inherited(now, *attachment);
  for (std::size_t binding_id = 2; binding_id <= context_.config.paths.size(); ++binding_id)
    follow_path(now, attachment, {id, static_cast<std::uint8_t>(binding_id)});
  if (auto* still_there = context_.bindings.find(id)) choose_uplink(*still_there);
}

/// Once: what is not known of a predecessor's paths is taken as agreed then.
void PathRegistrar::leave_inherited(Now now, Attachment& attachment) {
  const bool leaves =
      attachment.state == AttachmentState::Deregistering || attachment.state == AttachmentState::Departed;
  if (!leaves || !is_inherited(attachment)) return;
  attachment.multipath = Multipath::Agreed;
  for (std::size_t number = 2; number <= context_.config.paths.size(); ++number) {
    const auto binding_id = static_cast<std::uint8_t>(number);
    Path& path = paths_[{attachment.id, binding_id}];
    path.binding_id = binding_id;
    adopt(path, attachment);
    leave(now, path);
  }
}

/// The first path's initial registration replaces all others at the LMA (the O flag), without a word from us.
void PathRegistrar::follow_path(Now now, const Attachment* attachment, const Key& key) {
  const auto known = paths_.find(key);
  if (attachment && attachment->state == AttachmentState::Registering) {
    if (known != paths_.end()) erase(known);
    return;
  }
  if (!attachment || !has_paths(*attachment)) {
    if (known == paths_.end()) return;
    if (is_taken_over(known->second))
      erase(known);
    else if (!known->second.leaves)
      leave(now, known->second);
    return;
  }
  if (known != paths_.end() && !known->second.leaves && has_addresses_of(known->second.node, *attachment))
    return;
  Path& path = paths_[key];
  path.binding_id = key.second;
  path.leaves = false;
  begin(now, path, *attachment);
}

/// The same interface is attached anew, here or by another of our links: to the LMA it is the same session
/// (RFC 5213 section 5.4.1), whose paths that registration replaces: to leave one would end the new one.
bool PathRegistrar::is_taken_over(const Path& path) const {
  const auto& node = path.node;
  return std::ranges::any_of(context_.bindings.find_all(node.link_layer), [&](SessionId id) {
    const auto* other = context_.bindings.find(id);
    const bool is_served =
        other->state == AttachmentState::Registering || other->state == AttachmentState::Registered;
    return id != node.id && is_served && other->mn_id == node.mn_id && other->technology == node.technology;
  });
}

/// It carries the addresses that the first path's binding was given (section 3.1), and asks for no others.
void PathRegistrar::adopt(Path& path, const Attachment& attachment) {
  const auto sequence = path.node.sequence;
  const auto expires = path.node.expires;
  path.node = attachment;
  path.node.ipv4 = attachment.ipv4_home.has_value();
  path.node.services.clear();
  path.node.services_registered = 0;
  path.node.sequence = sequence;
  path.node.expires = expires;
}

void PathRegistrar::begin(Now now, Path& path, const Attachment& attachment) {
  adopt(path, attachment);
  request(now, path, RequestKind::Refresh);
}

void PathRegistrar::leave(Now now, Path& path) {
  path.leaves = true;
  request(now, path, RequestKind::Deregister);
}

void PathRegistrar::request(Now now, Path& path, RequestKind kind) {
  const auto& config = context_.config;
  const RetransmissionTimer timer(now.monotonic, config.initial_bindack_timeout, config.max_bindack_timeout);
  const auto lifetime = kind == RequestKind::Deregister ? std::uint16_t{0} : lifetime_units(config.lifetime);
  path.node.refresh_at.reset();
  path.node.retry_at.reset();
  path.node.request = Request{kind, lifetime, timer, {}, 0, 0};
  transmit(now, path);
  index(path);
}

/// RFC 6089 section 5.2.1: all care-of addresses of an interface have its priority.
void PathRegistrar::add_priority(const Path& path, wire::MobilityOptions& options) const {
  const auto* access = context_.access(path.node.access);
  if (!access || !access->binding.priority || path.node.request->lifetime == 0) return;
  options.emplace_back(
      wire::BindingIdentifierOption{path.binding_id, 0, false, *access->binding.priority, {}});
}

void PathRegistrar::transmit(Now now, Path& path) {
  const auto& config = context_.config;
  const auto sequence = config.timestamps ? context_.next_sequence() : ++path.node.sequence;
  path.node.request->note_sent(sequence, now.monotonic);
  TransmissionFields fields{sequence, std::nullopt};
  if (config.timestamps) fields.timestamp = context_.timestamps.next(now.wall);
  auto update = build_update(path.node, config.router_link_local.is_unspecified(), fields);
  if (auto network = access_network_of(context_, path.node)) update.options.emplace_back(std::move(*network));
  if (!path.node.delegated.empty()) add_delegated(context_, path.node, update.options);
  add_path_options(config, path.binding_id, false, update.options);
  add_priority(path, update.options);
  const auto& address = config_of(path).address;
  auto header = wire::encode(update, address, config.lma);
  if (header.empty()) return context_.statistics.drop("update-too-long");
  context_.statistics.message("pbu_sent");
  context_.emit(SendMessage{address, config.lma, std::move(header)});
}

/// An answer to a request by several paths says which one is meant.
bool PathRegistrar::is_answered_by(const Path& path, const wire::ProxyBindingAcknowledgement& ack) const {
  if (!path.node.request || !echoes_request(ack, path.node)) return false;
  const auto* named = wire::find<wire::MagMultipathBinding>(ack.options);
  if (named && named->binding_id != path.binding_id) return false;
  if (named && ack.status == wire::BindingStatus::SequenceNumberOutOfWindow) return true;
  return (named || context_.config.timestamps) && path.node.request->find(ack.sequence);
}

/// By sequence number, which is ours alone where timestamps order the messages (Registrar::match).
PathRegistrar::Paths::iterator PathRegistrar::match(const wire::ProxyBindingAcknowledgement& ack) {
  if (context_.config.timestamps && ack.status != wire::BindingStatus::SequenceNumberOutOfWindow) {
    const auto key = by_sequence_.find(ack.sequence);
    const auto found = key == by_sequence_.end() ? paths_.end() : paths_.find(key->second);
    return found != paths_.end() && is_answered_by(found->second, ack) ? found : paths_.end();
  }
  return std::ranges::find_if(paths_, [&](const auto& row) { return is_answered_by(row.second, ack); });
}

bool PathRegistrar::handle_acknowledgement(Now now, const wire::ProxyBindingAcknowledgement& ack) {
  const auto found = ack.proxy ? match(ack) : paths_.end();
  if (found == paths_.end()) return false;
  Path& path = found->second;
  const SessionId id = found->first.first;
  if (path.leaves && (!is_out_of_order(ack.status) || is_taken_over(path))) {
    erase(found);
  } else {
    if (ack.accepted() && ack.lifetime != 0)
      accepted(path, ack);
    else
      rejected(now, path, ack);
    index(path);
  }
  if (auto* attachment = context_.bindings.find(id)) choose_uplink(*attachment);
  return true;
}

/// Counts as the first path's (Registrar::adopt_lifetime).
void PathRegistrar::accepted(Path& path, const wire::ProxyBindingAcknowledgement& ack) {
  const bool is_new = !path.is_registered();
  auto& node = path.node;
  const TimePoint sent = node.request->find(ack.sequence)->sent;
  node.lifetime = std::min(ack.lifetime, node.request->lifetime) * wire::kLifetimeUnit;
  node.expires = sent + node.lifetime;
  node.refresh_at = sent + node.lifetime / 2;
  node.request.reset();
  if (is_new)
    context_.notify("path-registered", node, {{"care_of_address", config_of(path).address.to_string()}});
}

/// It asks again later: the node has another path meanwhile. An LMA that wants no several has its way
/// (section 4.4).
void PathRegistrar::rejected(Now now, Path& path, const wire::ProxyBindingAcknowledgement& ack) {
  auto& request = *path.node.request;
  if (is_out_of_order(ack.status)) {
    if (ack.status == wire::BindingStatus::SequenceNumberOutOfWindow) path.node.sequence = ack.sequence;
    if (++request.immediate_retries <= 2) transmit(now, path);
    return;
  }
  context_.statistics.rejection(wire::to_string(ack.status));
  context_.notify(
      "path-refused", path.node,
      {{"care_of_address", config_of(path).address.to_string()}, {"status", wire::to_string(ack.status)}});
  path.node.request.reset();
  path.node.expires.reset();
  path.node.retry_at = now.monotonic + context_.config.max_bindack_timeout;
  if (ack.status != wire::BindingStatus::CannotSupportMultipathBinding) return;
  if (auto* attachment = context_.bindings.find(path.node.id)) {
    attachment->multipath = Multipath::Disabled;
    registrar_.refresh(now, *attachment);
  }
}

void PathRegistrar::handle_timeout(Now now) {
  std::vector<Key> due;
  for (const auto& [deadline, key] : deadlines_) {
    if (deadline > now.monotonic) break;
    due.push_back(key);
  }
  for (const auto& key : due) {
    const auto found = paths_.find(key);
    if (found == paths_.end()) continue;
    if (handle_due(now, found->second))
      index(found->second);
    else
      erase(found);
  }
}

/// The node answers within seconds, or is gone.
void PathRegistrar::postpone(Now now, Attachment& node) const {
  node.retry_at.reset();
  node.refresh_at = now.monotonic + context_.config.initial_bindack_timeout;
}

/// False: it is over.
bool PathRegistrar::handle_due(Now now, Path& path) {
  auto& node = path.node;
  const auto due = [&](const std::optional<TimePoint>& deadline) {
    return deadline && *deadline <= now.monotonic;
  };
  if (due(node.expires)) {
    node.expires.reset();
    if (auto* attachment = context_.bindings.find(node.id)) choose_uplink(*attachment);
  }
  const bool waits = !path.leaves && is_in_doubt(context_.bindings.find(node.id));
  if (due(node.refresh_at) || due(node.retry_at)) {
    if (waits)
      postpone(now, node);
    else
      request(now, path, RequestKind::Refresh);
  }
  if (!node.request || !due(node.request->timer.deadline())) return true;
  if (path.leaves && (node.request->retransmissions == kMaxDeregistrations || is_taken_over(path)))
    return false;
  node.request->timer.restart(now.monotonic);
  if (waits) return true;
  ++node.request->retransmissions;
  node.request->immediate_retries = 0;
  context_.statistics.message("pbu_retransmitted");
  transmit(now, path);
  return true;
}

std::optional<TimePoint> PathRegistrar::next_deadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

/// The first path, or the first that lives where that one does not.
void PathRegistrar::choose_uplink(Attachment& attachment) {
  Ipv6Address chosen;
  if (context_.first_path_is_dead && !attachment.tunnelling.has_gre()) {  // of which the others have none
    const auto [first, end] = paths_of(attachment.id);
    const auto alive = std::find_if(first, end, [](const auto& row) { return row.second.is_registered(); });
    if (alive != end) chosen = config_of(alive->second).address;
  }
  if (attachment.care_of == chosen) return;
  attachment.care_of = chosen;
  context_.notify("uplink-moved", attachment,
                  {{"care_of_address", context_.care_of(attachment).to_string()}});
  registrar_.renew_service(attachment);
}

Json PathRegistrar::show(Now now, const Attachment& attachment) const {
  Json rows = Json::array();
  if (!has_paths(attachment)) return rows;
  const auto row = [&](const PathConfig& path, const std::optional<TimePoint>& expires) {
    const auto left = expires ? *expires - now.monotonic : Duration::zero();
    rows.push_back({{"care_of_address", path.address.to_string()},
                    {"label", path.label},
                    {"state", expires ? "registered" : "registering"},
                    {"remaining_seconds",
                     std::max<std::int64_t>(0, std::chrono::floor<std::chrono::seconds>(left).count())}});
  };
  row(context_.config.paths.front(), attachment.expires);
  const auto [first, end] = paths_of(attachment.id);
  for (auto at = first; at != end; ++at) row(config_of(at->second), at->second.node.expires);
  return rows;
}

}  // namespace flowmob::core
