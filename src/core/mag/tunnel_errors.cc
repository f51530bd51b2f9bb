// SPDX-License-Identifier: Apache-2.0
#include "core/mag/tunnel_errors.h"

#include <algorithm>
#include <array>

#include "base/ipv4.h"

namespace flowmob::core {
namespace {

bool is_of(const Attachment& attachment, const OriginalPacket& original) {
  if (attachment.state != AttachmentState::Registered) return false;
  if (original.ipv4)
    return attachment.ipv4_home && attachment.ipv4_home->address.address == from_mapped(original.source);
  const auto holds = [&](const Ipv6Prefix& prefix) { return prefix.contains(original.source); };
  return std::ranges::any_of(attachment.prefixes, holds) || std::ranges::any_of(attachment.delegated, holds);
}

}  // namespace

void MagTunnelErrors::handle(Now now, const TunnelError& error) {
  if (error.peer != context_.config.lma || !context_.config.has_address(error.local))
    return log_.note_stranger();
  log_.note(error);
  if (log_.is_news(now, error)) context_.notify("tunnel-error", TunnelErrorLog::event(error));
  const auto answer = answer_to(error);
  const auto* attachment = answer && log_.may_answer(now) ? source_of(answer->original) : nullptr;
  log_.note_answer(attachment != nullptr);
  if (attachment) tell(*attachment, *answer, error.original);
}

/// All are looked through: there are few answers a second.
const Attachment* MagTunnelErrors::source_of(const OriginalPacket& original) const {
  for (const auto& [id, attachment] : context_.bindings.entries())
    if (is_of(attachment, original)) return &attachment;
  return nullptr;
}

/// As the data plane tells what is too big: of IPv4 in the default router's name; of IPv6 from our address,
/// or from the one that all gateways have on their links (RFC 6543) where ours is one of IPv4.
void MagTunnelErrors::tell(const Attachment& attachment, const TunnelAnswer& answer, ByteView quoted) {
  const auto& access = *context_.access(attachment.access);  // a registered one has not departed
  if (answer.original.ipv4) {
    Bytes frame;
    append(frame, attachment.link_layer.octets);
    append(frame, access.link_address.octets);
    append(frame, std::array<std::uint8_t, 2>{0x08, 0x00});
    append(frame, icmp_packet(answer, quoted, attachment.ipv4_home->router));
    return context_.emit(SendFrame{access.index, std::move(frame)});
  }
  const auto& ours = context_.care_of(attachment);
  const auto& source = is_mapped(ours) ? context_.config.router_link_local : ours;
  context_.emit(SendNeighborDiscovery{access.index, access.link_address, attachment.link_layer, source,
                                      answer.original.source, icmpv6_message(answer, quoted, source)});
}

}  // namespace flowmob::core
