// SPDX-License-Identifier: Apache-2.0
#include "core/mag/reconfiguration.h"

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

}  // namespace

Result<void> adopt_configuration(Now now, MagContext& context, Registrar& registrar, MagConfig config) {
  const auto& old = context.config;
  if (config.address != old.address || config.lma != old.lma) return needs_restart("an address");
  if (config.router_link_local != old.router_link_local) return needs_restart("the router's address");
  if (config.accesses.size() != old.accesses.size()) return needs_restart("the set of access links");
  for (auto& access : config.accesses)
    if (auto carried = carry_over(context, access); !carried) return carried;
  context.config = std::move(config);
  for (const auto id : context.bindings.ids()) {
    auto& attachment = *context.bindings.find(id);
    if (attachment.state == AttachmentState::Refused && context.profile(attachment.mn_id))
      registrar.register_node(now, attachment);
    else if (attachment.held)
      registrar.refresh(now, attachment);
  }
  return {};
}

}  // namespace flowmob::core
