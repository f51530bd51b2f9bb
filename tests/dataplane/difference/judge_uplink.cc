// SPDX-License-Identifier: Apache-2.0
#include "base/ipv4.h"
#include "envelope.h"
#include "judge.h"
#include "judge_common.h"
#include "tunnelled.h"

namespace flowmob::dataplane::testing {

using core::Encapsulation;

Expected Judge::outside(const Frame& frame, const core::ReferencePacket& packet) const {
  return node_of(world_, packet.key.source, packet.is_ipv4) ? dropped_because("spoofed-source")
                                                            : passed(frame, "no-tunnel");
}

/// The session that the node has through this gateway, carried like this or in whatever way; of several the
/// latest.
const core::InstallSession* Judge::carrier_of(const Ipv6Address& gateway, const core::ReferencePacket& inner,
                                              const std::optional<Encapsulation>& way) const {
  const core::InstallSession* found = nullptr;
  const auto& source = inner.key.source;
  for (const auto& session : world_.sessions) {
    if (session.mag != gateway || (way && session.tunnelling.encapsulation != *way)) continue;
    const bool is_its = inner.is_ipv4 ? session.ipv4 && to_mapped(*session.ipv4) == source
                                      : std::ranges::any_of(session.prefixes, [&](const auto& prefix) {
                                          return prefix.contains(source);
                                        });
    if (is_its) found = &session;
  }
  return found;
}

Expected Judge::uplink(const Frame& frame) {
  const bool is_ours = is_to(frame, kAccess1Mac);
  if (!is_ours && (frame[0] & 1) == 0) return passed(frame, "of-others");
  const auto type = frame[12] << 8 | frame[13];
  if (type != 0x0800 && type != 0x86dd) return passed(frame, "no-ip");
  const auto outer = packet_of(frame);
  if (!outer || (!outer->is_ipv4 && is_key_of_ipv4(outer->key))) return dropped_because("malformed");
  if (!is_ours || !is_anchors(outer->key.destination) ||
      (!outer->is_ipv4 && is_mapped(outer->key.destination)))
    return outside(frame, *outer);
  const auto tunnelled = read_tunnel(packet_in(frame).first(outer->length), *outer);
  if (!tunnelled) return outside(frame, *outer);
  if (tunnelled->refused) return dropped_because(tunnelled->refused);
  return emerge(frame, *outer, *tunnelled);
}

Expected Judge::emerge(const Frame& frame, const core::ReferencePacket& outer, const Tunnelled& tunnelled) {
  const auto carried = packet_in(frame).first(outer.length).subspan(tunnelled.headers);
  const auto inner = read_carried(carried, tunnelled.holds_ipv4);
  if (!inner) return dropped_because(inner.error().code.c_str());
  const auto& gateway = outer.key.source;
  const auto* session = carrier_of(gateway, *inner, tunnelled.way);
  if (!session) {
    const bool is_known = is_tunnel(gateway, outer.key.destination);
    return dropped_because(!is_known || carrier_of(gateway, *inner, {}) ? "unknown-tunnel"
                                                                        : "spoofed-source");
  }
  if (tunnelled.way == Encapsulation::GreWithKeys) {
    const auto* named = world_.session(SessionId{tunnelled.key});
    const bool is_its = named && named->node == session->node && (named == session || named->mag == gateway);
    if (!is_its) return dropped_because("unknown-tunnel");
  }
  const auto ecn = ecn_after(inner->traffic_class & 3U, outer.traffic_class & 3U);
  if (!ecn) return dropped_because("ecn");
  const auto found = core::classify_uplink(*world_.node_at(inner->key.source), carried, fragments_);
  auto expected =
      passed(taken_out(frame, tunnelled, *inner, *ecn), is_mapped(gateway) ? "emerged-of-ipv4" : "emerged");
  if (found && world_.flow(found->flow)) expected.counted = found->flow;
  return expected;
}

}  // namespace flowmob::dataplane::testing
