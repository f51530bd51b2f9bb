// SPDX-License-Identifier: Apache-2.0
#include "core/mag/tunnel_negotiation.h"

namespace flowmob::core {
namespace {

/// What is agreed is asked for again (RFC 5845 section 3.3.2); GRE not where something is de-registered.
Encapsulation wanted(const MagContext& context, const Attachment& attachment) {
  if (context.config.force_ipv4_udp) return Encapsulation::Udp;
  if (attachment.request->lifetime == 0) return Encapsulation::Plain;
  if (attachment.gre_required) return Encapsulation::GreWithKeys;
  if (attachment.gre_refused || !context.anchor_knows_gre) return Encapsulation::Plain;
  switch (context.config.gre) {
    case GreWish::None:
      return Encapsulation::Plain;
    case GreWish::Gre:
      return Encapsulation::Gre;
    case GreWish::Keys:
      return Encapsulation::GreWithKeys;
  }
  return Encapsulation::Plain;
}

/// Unique among our attachments.
std::uint32_t downlink_key(const Attachment& attachment) { return attachment.id.value; }

Tunnelling agreed(const Attachment& attachment, const wire::GreKey& answer) {
  const bool keys = answer.key && attachment.request->encapsulation == Encapsulation::GreWithKeys;
  if (!keys) return {Encapsulation::Gre, 0, 0};
  return {Encapsulation::GreWithKeys, downlink_key(attachment), *answer.key};
}

/// RFC 5844 section 4.2.2: in UDP only where the LMA says so.
Tunnelling agreed_udp(const wire::ProxyBindingAcknowledgement& ack) {
  const auto* answer = wire::find<wire::NatDetection>(ack.options);
  return answer && answer->force_udp ? Tunnelling{Encapsulation::Udp, 0, 0} : Tunnelling{};
}

}  // namespace

void ask_for_tunnelling(const MagContext& context, Attachment& attachment, wire::ProxyBindingUpdate& update) {
  auto& asked = attachment.request->encapsulation;
  asked = wanted(context, attachment);
  update.force_udp = asked == Encapsulation::Udp;
  if (asked == Encapsulation::Gre) update.options.emplace_back(wire::GreKey{});
  if (asked == Encapsulation::GreWithKeys)
    update.options.emplace_back(wire::GreKey{downlink_key(attachment)});
}

bool adopt_tunnelling(MagContext& context, Attachment& attachment,
                      const wire::ProxyBindingAcknowledgement& ack) {
  const Tunnelling before = attachment.tunnelling;
  attachment.tunnelling = {};
  if (attachment.request->encapsulation == Encapsulation::Plain) return before != attachment.tunnelling;
  const auto* answer = wire::find<wire::GreKey>(ack.options);
  if (attachment.request->encapsulation == Encapsulation::Udp) {
    attachment.tunnelling = agreed_udp(ack);
  } else if (ack.status == wire::BindingStatus::GreKeyOptionNotRequired) {
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
  const auto asked = attachment.request->encapsulation;
  if (asked == Encapsulation::GreWithKeys || asked == Encapsulation::Udp) return false;
  attachment.gre_required = true;
  return true;
}

}  // namespace flowmob::core
