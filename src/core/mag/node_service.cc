// SPDX-License-Identifier: Apache-2.0
#include "core/mag/node_service.h"

#include "core/mag/router_advertisement.h"

namespace flowmob::core {

void NodeService::install(Attachment& attachment) {
  const auto& config = context_.config;
  if (context_.tunnels.acquire(config.lma, attachment.id))
    context_.emit(EnsureTunnel{config.address, config.lma});
  const auto& access = *context_.access(attachment.access);
  attachment.host_installed = true;
  // The session in the lower half finds the attachment again; the count tells late answers from wanted ones.
  attachment.pending_install =
      EffectId{std::uint64_t{++context_.install_count} << 32 | std::uint64_t{attachment.id.value}};
  context_.emit(InstallHost{attachment.id, access.index, attachment.link_layer, access.link_address,
                            attachment.prefixes, config.address, config.lma, config.tunnel_mtu},
                attachment.pending_install);
}

void NodeService::advertise_now(const Attachment& attachment) {
  context_.statistics.message("ra_sent");
  context_.emit(advertise(context_.config, *context_.access(attachment.access), attachment));
}

void NodeService::start_advertising(Now now, Attachment& attachment) {
  attachment.advertisements.emplace(now.monotonic, context_.config.router_advertisement_interval);
  advance_advertising(now, attachment);
}

void NodeService::advance_advertising(Now now, Attachment& attachment) {
  advertise_now(attachment);
  attachment.advertisements->advance(now.monotonic);
}

void NodeService::answer_solicitation(Now now, Attachment& attachment) {
  if (!attachment.advertisements) return;
  if (attachment.advertisements->answer(now.monotonic))
    advertise_now(attachment);
  else
    context_.statistics.drop("solicitation-rate");
}

void NodeService::stop_advertising(Attachment& attachment, bool link_up) {
  if (!attachment.advertisements) return;
  attachment.advertisements.reset();
  if (link_up) resign(attachment);
}

void NodeService::resign(const Attachment& attachment) {
  context_.statistics.message("ra_sent");
  context_.emit(
      withdraw(context_.config, *context_.access(attachment.access), attachment, attachment.prefixes, 0));
}

void NodeService::withdraw_prefixes(Attachment& attachment, const std::vector<Ipv6Prefix>& gone) {
  if (!attachment.advertisements || gone.empty()) return;
  context_.statistics.message("ra_sent");
  context_.emit(withdraw(context_.config, *context_.access(attachment.access), attachment, gone,
                         context_.config.router_lifetime));
}

void NodeService::remove(Attachment& attachment) {
  attachment.pending_install = {};
  attachment.persist_at.reset();
  if (attachment.host_installed) {
    attachment.host_installed = false;
    context_.emit(RemoveHost{attachment.id});
    if (context_.tunnels.release(context_.config.lma, attachment.id))
      context_.emit(RemoveTunnel{context_.config.address, context_.config.lma});
  }
  if (attachment.persisted) {
    attachment.persisted = false;
    context_.emit(ForgetAttachment{attachment.id});
  }
}

void NodeService::persist(Now now, Attachment& attachment) {
  attachment.persist_at.reset();
  if (!attachment.expires) return;
  attachment.persisted = true;
  context_.emit(PersistAttachment{{attachment.id, attachment.mn_id, attachment.access, attachment.technology,
                                   attachment.link_layer, attachment.node_link_local, attachment.services,
                                   attachment.services_registered, attachment.prefixes, context_.sequence,
                                   now.wall + (*attachment.expires - now.monotonic)}});
}

}  // namespace flowmob::core
