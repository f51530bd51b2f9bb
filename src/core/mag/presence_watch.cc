// SPDX-License-Identifier: Apache-2.0
#include "core/mag/presence_watch.h"

#include <utility>

#include "wire/neighbor_discovery.h"

namespace flowmob::core {
namespace {

Ipv6Address probe_target(const Attachment& attachment) {
  if (!attachment.node_link_local.is_unspecified()) return attachment.node_link_local;
  return Ipv6Prefix::parse("fe80::/64").value().with_interface_id(attachment.link_layer.eui64_interface_id());
}

}  // namespace

void PresenceWatch::heard(Now now, Attachment& attachment) {
  const Duration interval = context_.config.neighbor_probe_interval;
  const bool waits = attachment.presence && attachment.presence->refresh_waits;
  attachment.presence.reset();
  if (interval != Duration::zero())
    attachment.presence = Presence{now.monotonic, now.monotonic + interval, 0, false};
  if (waits) registrar_.refresh(now, attachment);
  context_.bindings.update(attachment);
}

/// Of a node whose address nobody knows the usual one is asked; only from one that has answered once does
/// silence mean anything.
bool PresenceWatch::handle_due(Now now, Attachment& attachment) {
  if (!attachment.presence || attachment.presence->next > now.monotonic) return false;
  const auto& config = context_.config;
  auto& presence = *attachment.presence;
  const bool is_silent = presence.unanswered >= config.neighbor_probes;
  if (is_silent && attachment.is_address_known()) return true;
  const bool may_ask = !is_silent && !attachment.router_link_local.is_unspecified();
  presence.unanswered = may_ask ? presence.unanswered + 1 : 0;
  presence.next = now.monotonic + (may_ask ? config.neighbor_probe_timeout : config.neighbor_probe_interval);
  if (may_ask) ask(attachment);
  context_.bindings.update(attachment);
  return false;
}

/// One frame to the node alone: the link-layer address is known, the question is whether somebody is there.
void PresenceWatch::ask(const Attachment& attachment) {
  if (attachment.router_link_local.is_unspecified()) return;
  const auto& access = *context_.access(attachment.access);
  const auto target = probe_target(attachment);
  const auto& mac = access.link_address.octets;
  const wire::NeighborSolicitation question{target,
                                            {wire::SourceLinkLayerAddress{Bytes(mac.begin(), mac.end())}}};
  context_.statistics.message("ns_sent");
  context_.emit(SendNeighborDiscovery{access.index, access.link_address, attachment.link_layer,
                                      attachment.router_link_local, target,
                                      wire::encode_nd(question, attachment.router_link_local, target)});
}

}  // namespace flowmob::core
