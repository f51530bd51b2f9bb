// SPDX-License-Identifier: Apache-2.0
#include "core/mag/attachment_detector.h"

#include <algorithm>
#include <set>

#include "core/mag/ip_versions.h"
#include "core/mag/nd_validity.h"

namespace flowmob::core {
namespace {

bool is_attached(const Attachment* attachment) {
  return attachment && attachment->state != AttachmentState::Deregistering;
}

}  // namespace

void AttachmentDetector::handle_link(Now now, const AccessConfig& access, bool up) {
  if (!links_.set_carrier(access.name, up)) return;
  up ? link_up(now, access) : link_down(now, access);
}

void AttachmentDetector::attach_if_absent(Now now, const AccessConfig& access, const MacAddress& node,
                                          const char* how, const Ipv6Address& node_link_local) {
  const auto* profile = known_as(access, node);
  if (profile && !is_attached(context_.bindings.find(access.name, node)))
    attach_at_pace(now, access, *profile, node, how, node_link_local);
}

void AttachmentDetector::attach_at_pace(Now now, const AccessConfig& access, const MagPolicyProfile& profile,
                                        const MacAddress& node, const char* how,
                                        const Ipv6Address& node_link_local) {
  service_.expect(access, node);
  if (pacer_.allow(now.monotonic, profile.mn_id, access.name)) {
    attach(now, access, profile, node, how, {{}, {}, node_link_local});
  } else {
    context_.statistics.drop("attachment-rate");
    pacer_.postpone(now.monotonic, {access.name, node, node_link_local, how});
  }
}

std::optional<TimePoint> AttachmentDetector::next_deadline() const {
  const auto waiting = pacer_.next(), service = service_.next_deadline();
  return waiting && service ? std::min(*waiting, *service) : waiting ? waiting : service;
}

void AttachmentDetector::handle_timeout(Now now) {
  service_.handle_timeout(now);
  for (const auto& due : pacer_.take_due(now.monotonic)) {
    const auto* access = context_.access(due.access);
    if (access && !links_.is_sent_away(due.access, due.node))
      attach_if_absent(now, *access, due.node, due.how, due.node_link_local);
  }
}

void AttachmentDetector::link_up(Now now, const AccessConfig& access) {
  const auto early = links_.take_early(now, access.name);
  const auto remembered = links_.take_remembered(access.name);
  if (access.attach_on_router_solicitation)
    for (const auto& [node, source] : early)
      attach_if_absent(now, access, node, "router-solicitation", source);
  if (!access.attach_on_carrier) return;
  for (const auto& node : remembered) attach_if_absent(now, access, node, "carrier", {});
  const auto* profile = expected_on(access);
  if (profile && profile->link_layer.size() == 1)  // which of several will show itself
    attach_if_absent(now, access, profile->link_layer[0], "carrier", {});
}

/// All de-registrations leave before anything else is done: until they arrive the LMA sends into the void.
void AttachmentDetector::link_down(Now now, const AccessConfig& access) {
  for (const auto& node : pacer_.cancel_on(access.name)) links_.remember(access.name, node);
  service_.forget_link(access.name);
  std::vector<Attachment*> gone;
  for (const auto id : context_.bindings.ids()) {
    auto* attachment = context_.bindings.find(id);
    if (attachment->access == access.name && attachment->state != AttachmentState::Departed)
      gone.push_back(attachment);
  }
  std::set<SessionId> leaving;  // by an earlier word
  for (const auto* attachment : gone)
    if (attachment->state == AttachmentState::Deregistering) leaving.insert(attachment->id);
  for (auto* attachment : gone)
    if (attachment->state == AttachmentState::Registering || attachment->state == AttachmentState::Registered)
      registrar_.begin_deregistration(now, *attachment);
  for (auto* attachment : gone) {
    links_.remember(access.name, attachment->link_layer);
    service_.stop_advertising(now, *attachment, false);
    if (!leaving.contains(attachment->id))
      context_.notify("node-detached", *attachment, {{"why", "link-down"}});
    if (attachment->state == AttachmentState::Refused)
      registrar_.drop(*attachment);
    else
      registrar_.cut_service(*attachment);
  }
}

void AttachmentDetector::handle_neighbor_discovery(Now now, const PacketMeta& meta, ByteView icmpv6) {
  const auto* access = context_.access(meta.interface);
  if (!access) return context_.statistics.drop("no-access-link");
  const auto message = validate_nd(meta, icmpv6);
  if (!message) return context_.statistics.drop("nd-" + message.error().code);
  if (std::holds_alternative<wire::RouterAdvertisement>(*message))
    return context_.statistics.drop("rogue-router-advertisement");
  if (links_.is_down(access->name)) return heard_while_down(now, *access, meta, *message);
  if (auto* attachment = context_.bindings.find(access->name, meta.link_source))
    attachment->heard = now.monotonic;
  heard(now, *access, meta, *message);
  if (std::holds_alternative<wire::RouterSolicitation>(*message)) {
    context_.statistics.message("rs_received");
    solicited(now, *access, meta);
  } else if (std::holds_alternative<wire::NeighborSolicitation>(*message)) {
    context_.statistics.message("ns_received");
    neighbor_heard(now, *access, meta);
  } else {
    context_.statistics.message("na_received");
  }
}

/// Whatever it says: it is there.
void AttachmentDetector::heard(Now now, const AccessConfig& access, const PacketMeta& meta,
                               const wire::NdMessage& message) {
  const auto stamp = context_.config.mobile_node_timestamps ? send_timestamp(message) : std::nullopt;
  if (stamp && known_as(access, meta.link_source))
    links_.stamp(access.name, meta.link_source, {*stamp, now.monotonic});
  auto* attachment = context_.bindings.find(access.name, meta.link_source);
  if (is_attached(attachment)) {
    learn_address(now, *attachment, meta.source);
    attachment->node_stamp = links_.stamp_of(access.name, meta.link_source);
    presence_.heard(now, *attachment);
  } else if (links_.has_fallen_silent(access.name, meta.link_source) &&
             !links_.is_sent_away(access.name, meta.link_source)) {
    attach_if_absent(now, access, meta.link_source, "heard-again", meta.source);
  }
}

/// Either it was sent before the link went, or the news that the link is back is late.
void AttachmentDetector::heard_while_down(Now now, const AccessConfig& access, const PacketMeta& meta,
                                          const wire::NdMessage& message) {
  context_.statistics.drop("link-down");
  if (std::holds_alternative<wire::RouterSolicitation>(message) && known_as(access, meta.link_source))
    links_.heard_while_down(now, access.name, meta.link_source, meta.source);
}

void AttachmentDetector::solicited(Now now, const AccessConfig& access, const PacketMeta& meta) {
  auto* attachment = context_.bindings.find(access.name, meta.link_source);
  if (is_attached(attachment)) {
    pacer_.cancel(meta.link_source);  // it waited to go where it is no more
    return service_.answer_solicitation(now, *attachment);
  }
  const auto* profile = known_as(access, meta.link_source);
  if (!profile && service_.welcome_visitor(now, access, meta.link_source, meta.source)) return;
  if (!profile) return unknown_node(now, access, meta.link_source);
  links_.heard(access.name, meta.link_source);
  if (!access.attach_on_router_solicitation && !(access.attach_on_carrier && profile == expected_on(access)))
    return context_.statistics.drop("attachment-not-by-solicitation");
  if (links_.is_sent_away(access.name, meta.link_source))
    return context_.statistics.drop("detached-by-command");
  attach_at_pace(now, access, *profile, meta.link_source, "router-solicitation", meta.source);
}

/// A neighbor's question tells its address; where the carrier announced a node of which just the address was
/// open, it is its arrival.
void AttachmentDetector::neighbor_heard(Now now, const AccessConfig& access, const PacketMeta& meta) {
  auto* attachment = context_.bindings.find(access.name, meta.link_source);
  if (is_attached(attachment)) return;
  const auto* profile = known_as(access, meta.link_source);
  if (!profile && service_.visitors().heard(now, access, meta.link_source)) return;
  if (!profile) return unknown_node(now, access, meta.link_source);
  links_.heard(access.name, meta.link_source);
  if (!access.attach_on_carrier || profile != expected_on(access)) return;
  if (!links_.is_sent_away(access.name, meta.link_source))
    attach_at_pace(now, access, *profile, meta.link_source, "neighbor-solicitation", meta.source);
}

void AttachmentDetector::learn_address(Now now, Attachment& attachment, const Ipv6Address& source) {
  if (!source.is_link_local() || attachment.node_link_local == source) return;
  const bool is_first = attachment.node_link_local.is_unspecified();
  attachment.node_link_local = source;
  if (is_first && attachment.state == AttachmentState::Registered) service_.persist(now, attachment);
  // Whoever changes its address with every packet costs no more than one write a second.
  if (attachment.state == AttachmentState::Registered && !is_first && !attachment.persist_at)
    attachment.persist_at = now.monotonic + std::chrono::seconds(1);
  context_.bindings.update(attachment);
}

void AttachmentDetector::unknown_node(Now now, const AccessConfig& access, const MacAddress& node) {
  context_.statistics.drop("unknown-node");
  if (unknown_notices_.allow(now.monotonic))
    context_.notify("unknown-node", {{"access", access.name}, {"link_layer", node.to_string()}});
}

/// The node that the carrier of this link stands for.
const MagPolicyProfile* AttachmentDetector::expected_on(const AccessConfig& access) const {
  const MagPolicyProfile* expected = nullptr;
  for (const auto& profile : context_.config.mobile_nodes) {
    if (profile.access != access.name) continue;
    if (expected) return nullptr;
    expected = &profile;
  }
  const auto& all = context_.config.mobile_nodes;
  if (!expected && all.size() == 1 && all[0].access.empty()) return &all[0];
  return expected;
}

/// By its link-layer address. Where the carrier stands for one node whose address nobody wrote down, the
/// first station on the link is that node, and stays it as long as it is attached.
const MagPolicyProfile* AttachmentDetector::known_as(const AccessConfig& access,
                                                     const MacAddress& node) const {
  if (const auto* profile = context_.profile(node)) return profile;
  const auto* expected = access.attach_on_carrier ? expected_on(access) : nullptr;
  if (!expected || !expected->link_layer.empty()) return nullptr;
  for (const auto& [id, other] : context_.bindings.entries())
    if (other.access == access.name && other.mn_id == expected->mn_id && other.link_layer != node &&
        other.state != AttachmentState::Deregistering && other.state != AttachmentState::Departed)
      return nullptr;
  return expected;
}

/// The same interface of the node elsewhere at this MAG: to the LMA it is the same session (RFC 5213 section
/// 5.4.1), so the registration from here replaces that one, and a de-registration would end both.
void AttachmentDetector::displace(Now now, const AccessConfig& access, const MagPolicyProfile& profile,
                                  const MacAddress& node) {
  for (const auto id : context_.bindings.find_all(node)) {
    auto& other = *context_.bindings.find(id);
    if (other.mn_id != profile.mn_id) continue;
    if (other.state == AttachmentState::Departed) {
      registrar_.drop(other);
    } else if (other.access != access.name) {
      const bool same_session = other.technology == access.technology;
      service_.stop_advertising(now, other, !links_.is_down(other.access));
      if (other.state != AttachmentState::Deregistering)
        context_.notify("node-detached", other, {{"why", "moved"}});
      if (same_session || other.state == AttachmentState::Refused)
        registrar_.drop(other);
      else if (other.state != AttachmentState::Deregistering)
        registrar_.begin_deregistration(now, other);
    }
  }
}

Attachment& AttachmentDetector::attach(Now now, const AccessConfig& access, const MagPolicyProfile& profile,
                                       const MacAddress& node, const char* how, const Details& details) {
  displace(now, access, profile, node);
  pacer_.cancel(node);
  links_.readmit(access.name, node);
  auto* attachment = context_.bindings.find(access.name, node);
  if (attachment && attachment->mn_id != profile.mn_id) {
    service_.stop_advertising(now, *attachment, true);
    registrar_.drop(*attachment);
    attachment = nullptr;
  }
  if (!attachment) {
    Attachment fresh;
    fresh.mn_id = profile.mn_id;
    fresh.access = access.name;
    fresh.technology = access.technology;
    fresh.link_layer = node;
    fresh.router_link_local = context_.config.router_link_local;
    attachment = &context_.bindings.add(std::move(fresh));
  }
  attachment->services = details.services.value_or(profile.services.value_or(access.services));
  choose_ip_versions(context_.config, profile, *attachment);
  attachment->handoff_indicator = details.handoff_indicator.value_or(access.handoff_indicator);
  if (details.node_link_local.is_link_local()) attachment->node_link_local = details.node_link_local;
  attachment->node_stamp = links_.stamp_of(access.name, node);
  const bool goes_on =
      attachment->state == AttachmentState::Registered || attachment->state == AttachmentState::Registering;
  if (!goes_on) attachment->flows.switched.clear();
  context_.notify("node-attached", *attachment, {{"how", how}});
  presence_.heard(now, *attachment);
  if (attachment->state == AttachmentState::Registered)
    registrar_.register_services(now, *attachment);
  else
    registrar_.register_node(now, *attachment);
  return *attachment;
}

Attachment& AttachmentDetector::attach_by_command(Now now, const AccessConfig& access,
                                                  const MagPolicyProfile& profile, const MacAddress& node,
                                                  const Details& details) {
  service_.expect(access, node);
  return attach(now, access, profile, node, "command", details);
}

void AttachmentDetector::detach_by_command(Now now, Attachment& attachment) {
  links_.send_away(attachment.access, attachment.link_layer);
  detach(now, attachment, "command", !links_.is_down(attachment.access));
}

/// Nothing is said to one that is gone: should it just have slept, its router is where it was.
void AttachmentDetector::handle_due(Now now, Attachment& attachment) {
  if (!presence_.handle_due(now, attachment)) return;
  links_.fall_silent(attachment.access, attachment.link_layer);
  detach(now, attachment, "silent", false);
}

/// Packets under way still reach the node: its row stays until the LMA has answered.
void AttachmentDetector::detach(Now now, Attachment& attachment, const char* why, bool say_so) {
  const bool refused = attachment.state == AttachmentState::Refused;
  if (!refused) registrar_.begin_deregistration(now, attachment);
  service_.stop_advertising(now, attachment, say_so);
  context_.notify("node-detached", attachment, {{"why", why}});
  if (refused) return registrar_.drop(attachment);
  context_.bindings.update(attachment);
}

/// A first registration that is under way crosses the revocation: should it reach the LMA behind it, it is
/// taken back.
void AttachmentDetector::detach_revoked(Now now, Attachment& attachment, bool may_return) {
  if (!may_return) links_.send_away(attachment.access, attachment.link_layer);
  service_.stop_advertising(now, attachment, !links_.is_down(attachment.access));
  context_.notify("node-detached", attachment, {{"why", "revoked"}});
  if (!attachment.request || attachment.request->kind != RequestKind::Initial)
    return registrar_.drop(attachment);
  registrar_.cut_service(attachment);
  registrar_.deregister_departed(now, attachment);
}

void AttachmentDetector::release_revoked_ipv4(Now now, Attachment& attachment, bool may_return) {
  attachment.ipv4_refused = !may_return;
  registrar_.lose_ipv4(now, attachment);
}

void AttachmentDetector::attach_anew(Now now, Attachment& attachment) {
  const Attachment former = attachment;
  detach_revoked(now, attachment, true);
  const auto* access = context_.access(former.access);
  const auto* profile = context_.profile(former.mn_id);
  if (!profile || links_.is_down(former.access)) return;
  attach(now, *access, *profile, former.link_layer, "out-of-sync",
         {former.services, former.handoff_indicator, former.node_link_local});
}

void AttachmentDetector::retire(Now now, Attachment& attachment) {
  links_.send_away(attachment.access, attachment.link_layer);
  service_.stop_advertising(now, attachment, !links_.is_down(attachment.access));
  context_.notify("node-detached", attachment, {{"why", "shut-down"}});
  if (attachment.state == AttachmentState::Refused) return registrar_.drop(attachment);
  service_.cut(attachment);
  attachment.state = AttachmentState::Departed;
  attachment.request.reset();
  attachment.presence.reset();
  attachment.expires.reset();
  attachment.refresh_at.reset();
  context_.bindings.update(attachment);
}

void AttachmentDetector::ask(const Attachment& attachment) {
  if (!attachment.node_link_local.is_unspecified()) presence_.ask(attachment);
}

}  // namespace flowmob::core
