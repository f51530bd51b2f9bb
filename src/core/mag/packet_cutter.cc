// SPDX-License-Identifier: Apache-2.0
#include "core/mag/packet_cutter.h"

#include "core/tunnel/encapsulation.h"
#include "core/tunnel/ipv4_fragment.h"

namespace flowmob::core {

void PacketCutter::handle(SessionId id, std::size_t mtu, ByteView packet) {
  const auto* attachment = context_.bindings.find(id);
  if (!attachment || !attachment->ipv4_home) return context_.statistics.drop("cut-without-ipv4");
  Bytes whole(packet.begin(), packet.end());
  complete_checksum(whole);
  const auto pieces = cut_ipv4(whole, mtu);
  if (pieces.empty()) return context_.statistics.drop("cut-refused");
  const auto& tunnelling = attachment->tunnelling;
  const TunnelWay way{context_.care_of(*attachment), context_.config.lma, tunnelling.encapsulation,
                      tunnelling.uplink_key};
  context_.statistics.message("packets_cut");
  for (const auto& piece : pieces) context_.emit(SendPacket{encapsulate_ipv4(way, piece)});
}

}  // namespace flowmob::core
