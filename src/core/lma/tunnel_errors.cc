// SPDX-License-Identifier: Apache-2.0
#include "core/lma/tunnel_errors.h"

#include <algorithm>

#include "base/ipv4.h"

namespace flowmob::core {

void LmaTunnelErrors::handle(Now now, const TunnelError& error) {
  const auto& tunnels = state_.changes.forwarding().tunnels();
  const auto tunnel = tunnels.find(error.peer);
  if (tunnel == tunnels.end() || tunnel->second.local != error.local) return log_.note_stranger();
  log_.note(error);
  if (log_.is_news(now, error)) state_.notify("tunnel-error", TunnelErrorLog::event(error));
  const auto answer = answer_to(error);
  const bool is_told = answer && is_for_node_of(error.peer, answer->original) && log_.may_answer(now);
  log_.note_answer(is_told);
  if (is_told) tell(*answer, error.original);
}

bool LmaTunnelErrors::is_for_node_of(const Ipv6Address& mag, const OriginalPacket& original) const {
  const auto* node = original.ipv4 ? state_.cache.find(from_mapped(original.destination))
                                   : state_.cache.find_by_address(original.destination);
  return node != nullptr && std::ranges::any_of(node->sessions, [&](const Session& session) {
           return session.mag == mag && !session.in_delete_wait;
         });
}

/// In the name of the tunnel's entry: of IPv4 it may have no address but the interface's.
void LmaTunnelErrors::tell(const TunnelAnswer& answer, ByteView quoted) {
  const auto& ours = state_.policy.config().address;
  if (answer.original.ipv4)
    state_.effects.push(SendPacket{icmp_packet(answer, quoted, {})});
  else
    state_.effects.push(SendIcmpv6{ours, answer.original.source, icmpv6_message(answer, quoted, ours)});
}

}  // namespace flowmob::core
