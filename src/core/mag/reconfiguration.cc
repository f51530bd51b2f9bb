// SPDX-License-Identifier: Apache-2.0
#include "core/mag/reconfiguration.h"

#include <set>
#include <tuple>
#include <utility>

#include "core/mag/ip_versions.h"

namespace flowmob::core {
namespace {

tl::unexpected<Error> needs_restart(const std::string& what) {
  return fail("needs-restart", what + " cannot change while the gateway runs");
}

Result<void> carry_over(const MagContext& context, AccessConfig& access) {
  const auto* old = context.access(access.name);
  if (!old || old->interface != access.interface) return needs_restart("access link " + access.name);
  if (!access.index) access.index = old->index;
  if (access.link_address.is_zero()) access.link_address = old->link_address;
  return {};
}

/// Who was not watched so far may have fallen silent long ago.
void watch_anew(Now now, MagContext& context, Attachment& attachment) {
  const bool leaves =
      attachment.state == AttachmentState::Deregistering || attachment.state == AttachmentState::Departed;
  const bool is_watched = context.config.neighbor_probe_interval != Duration::zero() && !leaves;
  if (is_watched && !attachment.presence)
    attachment.presence = Presence{now.monotonic, now.monotonic, 0, false};
  if (!is_watched && attachment.presence && !attachment.presence->refresh_waits) attachment.presence.reset();
  context.bindings.update(attachment);
}

bool differs_in_tunnel_mtu_alone(const MagConfig& old, MagConfig config) {
  if (config.tunnel_mtu == old.tunnel_mtu) return false;
  config.tunnel_mtu = old.tunnel_mtu;
  return config == old;
}

/// What rows and advertisements say of the way to a node.
auto path_of(const MagConfig& config, const AccessConfig& access) {
  return std::tuple(config.tunnel_mtu, access.index, access.link_address, access.link_mtu);
}

/// Accesses of which flow options say another number or priority.
std::set<std::string> with_another_binding(const MagConfig& old, const MagConfig& config) {
  std::set<std::string> names;
  for (const auto& access : config.accesses)
    for (const auto& former : old.accesses)
      if (former.name == access.name && !(former.binding == access.binding)) names.insert(access.name);
  return names;
}

std::set<SessionId> observed_attachments(const MagContext& context) {
  std::set<SessionId> observed;
  for (const auto& [id, attachment] : context.bindings.entries())
    if (context.observes_flows(attachment)) observed.insert(id);
  return observed;
}

std::set<SessionId> delegating_attachments(const MagContext& context) {
  std::set<SessionId> all;
  for (const auto& [id, attachment] : context.bindings.entries())
    if (context.delegates(attachment)) all.insert(id);
  return all;
}

/// Whoever changed the configuration may have changed the LMA's: it is told again.
void follow_observation(const MagContext& context, Registrar& registrar, Attachment& attachment,
                        bool was_observed) {
  const bool is_observed = context.observes_flows(attachment);
  attachment.observed.allow();
  if (is_observed == was_observed) return;
  attachment.observed.clear();
  registrar.renew_service(attachment);
}

/// Rows have it, and nodes are told at once (RFC 5213 section 6.9.5): of the tunnel's MTU, of a router with
/// another link-layer address, of an interface that is another one now.
void adopt(MagContext& context, Registrar& registrar, MagConfig config) {
  const MagConfig old = std::move(context.config);
  context.configure(std::move(config));
  if (old.tunnel_mtu != context.config.tunnel_mtu)
    context.notify("tunnel-mtu",
                   {{"remote", context.config.lma.to_string()}, {"mtu", context.config.tunnel_mtu}});
  for (const auto& former : old.accesses)
    if (const auto& access = *context.access(former.name);
        path_of(old, former) != path_of(context.config, access))
      for (const auto id : context.bindings.ids())
        if (auto& attachment = *context.bindings.find(id); attachment.access == access.name)
          registrar.renew_service(attachment);
}

}  // namespace

Result<void> adopt_configuration(Now now, MagContext& context, Registrar& registrar, MagConfig config) {
  const auto& old = context.config;
  if (differs_in_tunnel_mtu_alone(old, config)) {
    adopt(context, registrar, std::move(config));
    return {};
  }
  if (config.address != old.address || config.lma != old.lma) return needs_restart("an address");
  if (config.paths != old.paths) return needs_restart("the paths");
  if (config.dhcp_relay_address != old.dhcp_relay_address) return needs_restart("the relay's address");
  if (config.dhcp_servers.empty() != old.dhcp_servers.empty())
    return needs_restart("whether DHCP is relayed");
  if (config.router_link_local != old.router_link_local) return needs_restart("the router's address");
  if (config.accesses.size() != old.accesses.size()) return needs_restart("the set of access links");
  for (auto& access : config.accesses)
    if (auto carried = carry_over(context, access); !carried) return carried;
  const auto renumbered = with_another_binding(old, config);
  const auto was_observed = observed_attachments(context);
  const auto did_delegate = delegating_attachments(context);
  adopt(context, registrar, std::move(config));
  context.anchor_knows_gre = true;  // as far as the new configuration tells
  for (const auto id : context.bindings.ids()) {
    auto& attachment = *context.bindings.find(id);
    const auto* profile = context.profile(attachment.mn_id);
    const bool ipv4 = attachment.ipv4, ipv6 = attachment.ipv6;
    if (profile) choose_ip_versions(context.config, *profile, attachment);
    attachment.delegation_refused = false;
    const bool changed = attachment.ipv4 != ipv4 || attachment.ipv6 != ipv6 ||
                         context.delegates(attachment) != did_delegate.contains(id);
    if (attachment.state == AttachmentState::Refused && profile)
      registrar.register_node(now, attachment);
    else if (attachment.held || (changed && attachment.state == AttachmentState::Registered))
      registrar.refresh(now, attachment);
    follow_observation(context, registrar, attachment, was_observed.contains(id));
    registrar.announce_flows(now, attachment, renumbered.contains(attachment.access));
    watch_anew(now, context, attachment);
  }
  return {};
}

}  // namespace flowmob::core
