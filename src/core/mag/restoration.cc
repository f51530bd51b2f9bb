// SPDX-License-Identifier: Apache-2.0
#include "core/mag/restoration.h"

#include <algorithm>

namespace flowmob::core {
namespace {

/// The records do not know what was sent after they were written. A late answer to that must not meet its
/// number again.
constexpr std::uint16_t kSequenceLeap = 4096;
/// Where there are no records either, numbers go on with the clock: as fast as any gateway is likely to have
/// used them. An old answer that met its number would not fit the request, and hold it back for good (RFC
/// 5213 section 6.9.1.2, item 6).
constexpr Duration kSequenceStep = std::chrono::milliseconds(5);

std::uint16_t sequence_by_clock(Now now) {
  return static_cast<std::uint16_t>(now.wall.time_since_epoch() / kSequenceStep);
}

Attachment attachment_of(const MagContext& context, AttachmentRecord record, Now now) {
  Attachment attachment;
  attachment.id = record.id;
  attachment.mn_id = std::move(record.mn_id);
  attachment.access = std::move(record.access);
  attachment.technology = record.technology;
  attachment.link_layer = record.link_layer;
  attachment.node_link_local = record.node_link_local;
  attachment.router_link_local = context.config.router_link_local;
  attachment.services = std::move(record.services);
  attachment.services_registered = std::min(record.services_registered, attachment.services.size());
  if (const auto* access = context.access(attachment.access)) {
    attachment.handoff_indicator = access->handoff_indicator;
    attachment.flows.switched = std::move(record.flows_switched);
    const auto flows = flows_of(*access, context.profile(attachment.mn_id));
    attachment.flows.want(access->binding, wanted_flows(flows, attachment.flows.switched));
    attachment.flows.presume_known();
  }
  attachment.tunnelling = {record.encapsulation, 0, record.uplink_key};
  if (attachment.tunnelling.has_keys()) attachment.tunnelling.downlink_key = record.id.value;
  attachment.state = AttachmentState::Registered;
  attachment.prefixes = std::move(record.prefixes);
  attachment.ipv6 = record.ipv6;
  attachment.ipv4 = record.ipv4;
  attachment.ipv4_home = record.ipv4_home;
  attachment.delegated = std::move(record.delegated);
  attachment.dhcp_server = record.dhcp_server;
  // more was never granted: a record that claims more met a clock that was set back
  attachment.lifetime = std::min(record.expires - now.wall, context.config.lifetime);
  attachment.expires = now.monotonic + attachment.lifetime;
  attachment.persisted = true;
  attachment.sequence = static_cast<std::uint16_t>(record.sequence + kSequenceLeap);
  return attachment;
}

bool is_permitted(const MagContext& context, const Attachment& attachment) {
  const auto* profile = context.profile(attachment.mn_id);
  const auto* owner = context.profile(attachment.link_layer);
  return context.access(attachment.access) && profile && (!owner || owner == profile);
}

bool is_expired(Now now, const Attachment& attachment) { return *attachment.expires <= now.monotonic; }

/// The node may not be served any more; the LMA still sends to us, and the node to our router.
void give_up(Now now, MagContext& context, NodeService& service, Registrar& registrar,
             Attachment& attachment) {
  const bool reachable = context.access(attachment.access) != nullptr;
  context.notify("record-dropped", attachment, {{"why", reachable ? "profile-gone" : "access-gone"}});
  if (reachable) service.resign(now, attachment);
  if (is_expired(now, attachment)) return registrar.drop(attachment);
  if (!reachable) return registrar.deregister_departed(now, attachment);
  service.install(attachment);  // packets under way reach it until the LMA has answered
  registrar.begin_deregistration(now, attachment);
}

/// The node was never told that its binding ran out while nobody looked.
void register_again(Now now, MagContext& context, NodeService& service, Registrar& registrar,
                    Attachment& attachment) {
  context.notify("binding-expired", attachment);
  attachment.prefixes.clear();
  attachment.delegated.clear();
  service.assign_off_link(attachment, {});
  attachment.ipv4_home.reset();
  registrar.register_node(now, attachment);
}

/// Nobody looked for a while: the node is asked first.
void watch_and_refresh(Now now, MagContext& context, Registrar& registrar, Attachment& attachment) {
  const Duration interval = context.config.neighbor_probe_interval;
  if (interval != Duration::zero())
    attachment.presence = Presence{now.monotonic - 2 * interval, now.monotonic, 0, false};
  registrar.refresh_if_present(now, attachment);
}

}  // namespace

void restore_attachments(Now now, MagContext& context, NodeService& service, Registrar& registrar,
                         std::vector<AttachmentRecord> records) {
  if (records.empty()) context.sequence = sequence_by_clock(now);
  for (auto& record : records) {
    context.sequence = std::max(context.sequence, record.sequence);
    auto off_link = std::move(record.off_link);
    const bool is_named = record.off_link_named;
    auto& attachment = context.bindings.restore(attachment_of(context, std::move(record), now));
    service.assign_off_link(attachment, std::move(off_link));
    attachment.off_link_named = is_named;
    if (!is_expired(now, attachment) && is_permitted(context, attachment)) service.install(attachment);
  }
  if (!records.empty()) context.sequence = static_cast<std::uint16_t>(context.sequence + kSequenceLeap);
  // Nothing is sent before the highest sequence number is known and the rows of all are in place.
  for (const auto id : context.bindings.ids()) {
    auto& attachment = *context.bindings.find(id);
    if (!is_permitted(context, attachment))
      give_up(now, context, service, registrar, attachment);
    else if (is_expired(now, attachment))
      register_again(now, context, service, registrar, attachment);
    else
      watch_and_refresh(now, context, registrar, attachment);
  }
}

}  // namespace flowmob::core
