// SPDX-License-Identifier: Apache-2.0
#include "core/mag/gre_negotiation.h"

namespace flowmob::core {
namespace {

/// What is agreed is asked for again (section 3.3.2), but not where something is de-registered.
Encapsulation wanted(const MagContext& context, const Attachment& attachment) {
  if (attachment.request->lifetime == 0) return Encapsulation::Ipv6;
  if (attachment.gre_required) return Encapsulation::GreWithKeys;
  if (attachment.gre_refused || !context.anchor_knows_gre) return Encapsulation::Ipv6;
  switch (context.config.gre) {
    case GreWish::None:
      return Encapsulation::Ipv6;
    case GreWish::Gre:
      return Encapsulation::Gre;
    case GreWish::Keys:
      return Encapsulation::GreWithKeys;
  }
  return Encapsulation::Ipv6;
}

/// Unique among our attachments.
std::uint32_t downlink_key(const Attachment& attachment) { return attachment.id.value; }

Tunnelling agreed(const Attachment& attachment, const wire::GreKey& answer) {
  const bool keys = answer.key && attachment.request->encapsulation == Encapsulation::GreWithKeys;
  if (!keys) return {Encapsulation::Gre, 0, 0};
  return {Encapsulation::GreWithKeys, downlink_key(attachment), *answer.key};
}

}  // namespace

void ask_for_gre(const MagContext& context, Attachment& attachment, wire::MobilityOptions& options) {
  auto& asked = attachment.request->encapsulation;
  asked = wanted(context, attachment);
  if (asked == Encapsulation::Gre) options.emplace_back(wire::GreKey{});
  if (asked == Encapsulation::GreWithKeys) options.emplace_back(wire::GreKey{downlink_key(attachment)});
}

bool adopt_tunnelling(MagContext& context, Attachment& attachment,
                      const wire::ProxyBindingAcknowledgement& ack) {
  const Tunnelling before = attachment.tunnelling;
  attachment.tunnelling = {};
  if (attachment.request->encapsulation == Encapsulation::Ipv6) return before != attachment.tunnelling;
  const auto* answer = wire::find<wire::GreKey>(ack.options);
  if (ack.status == wire::BindingStatus::GreKeyOptionNotRequired) {
    attachment.gre_refused = true;
    attachment.gre_required = false;
  } else if (answer) {
    attachment.tunnelling = agreed(attachment, *answer);
  } else {
    context.anchor_knows_gre = attachment.gre_required = false;
    context.notify("gre-not-supported", attachment);
  }
  return before != attachment.tunnelling;
}

std::uint16_t inner_mtu(const MagConfig& config, const Attachment& attachment) {
  return static_cast<std::uint16_t>(config.tunnel_mtu - attachment.tunnelling.overhead());
}

bool note_gre_required(Attachment& attachment) {
  if (attachment.request->encapsulation == Encapsulation::GreWithKeys) return false;
  attachment.gre_required = true;
  return true;
}

}  // namespace flowmob::core
