// SPDX-License-Identifier: Apache-2.0
#include "base/ipv4.h"
#include "envelope.h"
#include "judge.h"
#include "judge_common.h"

/// What a mobile access gateway does (RFC 5213 section 6.10).
namespace flowmob::dataplane::testing {
namespace {

constexpr std::uint8_t kMobilityHeader = 135;

Ipv6Address mapped_at(std::string_view text) { return to_mapped(Ipv4Address::parse(text).value()); }

bool is_gateways(const core::FlowKey& key) {
  const auto& to = key.destination;
  return to == ip(kGateway1) || to == ip(kGateway2) || to == mapped_at(kGateway4);
}

bool is_in(const core::InstallSession& attachment, const Ipv6Address& address, bool is_ipv4) {
  if (is_ipv4) return attachment.ipv4 && to_mapped(*attachment.ipv4) == address;
  return std::ranges::any_of(attachment.prefixes,
                             [&](const auto& prefix) { return prefix.contains(address); });
}

const core::InstallSession* whose(const std::vector<core::InstallSession>& attached,
                                  const Ipv6Address& address, bool is_ipv4) {
  const auto found =
      std::ranges::find_if(attached, [&](const auto& one) { return is_in(one, address, is_ipv4); });
  return found == attached.end() ? nullptr : &*found;
}

FlowIndex counter_of(const core::InstallSession& attachment) { return FlowIndex{attachment.node.value}; }

void address_frame(Frame& frame, NodeIndex node) {
  std::ranges::copy(link_address_of(node).octets, frame.begin());
  std::ranges::copy(MacAddress::parse(kLinkRouter).value().octets, frame.begin() + 6);
}

/// Or one may be hidden, for all that could be read.
bool may_be_mobility_header(std::uint8_t protocol) {
  return protocol == kMobilityHeader || protocol == 0 || protocol == 43 || protocol == 44 || protocol == 51 ||
         protocol == 60;
}

bool is_udp_to(const core::ReferencePacket& packet, std::uint16_t port) {
  return packet.key.protocol == 17 && packet.key.ports && packet.key.ports->destination == port;
}

bool is_signalling_to_gateway(const core::ReferencePacket& packet) {
  if (!is_gateways(packet.key)) return false;
  return packet.is_ipv4 ? is_udp_to(packet, 5436) : may_be_mobility_header(packet.key.protocol);
}

bool stays_on_link(const core::ReferencePacket& packet) {
  const auto &from = packet.key.source, &to = packet.key.destination;
  if (!packet.is_ipv4)
    return from.is_link_local() || from.is_unspecified() || to.is_link_local() || to.is_multicast();
  const auto first = from_mapped(to).octets[0];
  return from == mapped_at("0.0.0.0") || to == mapped_at("255.255.255.255") || (first >= 224 && first < 240);
}

/// RFC 1122 section 3.2.2: no answer to an error, or to a fragment behind the first.
bool may_be_told(ByteView octets, const core::ReferencePacket& packet) {
  if (packet.continues || packet.header != 20) return false;
  if (packet.next_header != 1 || !packet.upper || *packet.upper >= packet.length) return true;
  const auto type = octets[*packet.upper];
  return type == 0 || type == 8 || type > 12;
}

/// RFC 2473 section 7.2.
Expected too_big_ipv4(const Frame& frame, const core::ReferencePacket& packet, std::size_t mtu) {
  if (packet.may_be_cut) return dropped_because("cut");
  if (!may_be_told(packet_in(frame), packet)) return dropped_because("too-big-silent");
  auto answer = passed(fragmentation_needed(frame, packet, Ipv4Address::parse(kLinkRouter4).value(),
                                            static_cast<std::uint32_t>(mtu)),
                       "too-big-ipv4");
  answer.verdict = Verdict::Redirect;
  answer.reason = "too-big";
  answer.checksum_open_at = has_partial_checksum(packet_in(frame), packet) ? kEthernet + 20 + 2 : 0;
  return answer;
}

/// The same tunnel from its other end.
core::InstallSession upwards(core::InstallSession session) {
  std::swap(session.lma, session.mag);
  session.tunnelling.downlink_key = session.tunnelling.uplink_key;
  return session;
}

}  // namespace

Expected Judge::gateway_downlink(const Frame& frame) const {
  if (!is_to(frame, kAccess1Mac)) return passed(frame, "of-others");
  const auto outer = packet_of(frame);
  if (!outer || (!outer->is_ipv4 && is_key_of_ipv4(outer->key))) return passed(frame, "no-packet");
  if (!is_gateways(outer->key)) return passed(frame, "not-ours");
  const auto tunnelled = read_tunnel(packet_in(frame).first(outer->length), *outer);
  if (!tunnelled) return passed(frame, "no-tunnel");
  if (tunnelled->refused) return dropped_because(tunnelled->refused);
  return deliver(frame, *outer, *tunnelled);
}

Expected Judge::deliver(const Frame& frame, const core::ReferencePacket& outer,
                        const Tunnelled& tunnelled) const {
  const auto inner =
      read_carried(packet_in(frame).first(outer.length).subspan(tunnelled.headers), tunnelled.holds_ipv4);
  if (!inner) return dropped_because(inner.error().code.c_str());
  const auto* attachment = whose(attached_, inner->key.destination, inner->is_ipv4);
  if (!attachment) return dropped_because("not-hosted");
  const auto& agreed = attachment->tunnelling;
  const bool has_key =
      agreed.encapsulation != core::Encapsulation::GreWithKeys || tunnelled.key == agreed.downlink_key;
  if (outer.key.source != attachment->lma || tunnelled.way != agreed.encapsulation || !has_key)
    return dropped_because("unknown-tunnel");
  const auto ecn = ecn_after(inner->traffic_class & 3U, outer.traffic_class & 3U);
  if (!ecn) return dropped_because("ecn");
  auto delivered = passed(taken_out(frame, tunnelled, *inner, *ecn), "last-hop");
  if (inner->hop_limit <= 1) return delivered;
  count_hop(delivered.frame, inner->is_ipv4);
  address_frame(delivered.frame, attachment->node);
  delivered.verdict = Verdict::Redirect;
  delivered.counted = counter_of(*attachment);
  delivered.kind = is_mapped(outer.key.source) ? "delivered-of-ipv4" : "delivered";
  return delivered;
}

Expected Judge::gateway_uplink(const Frame& frame) {
  const bool is_for_many = (frame[0] & 1) != 0;
  if (!is_to(frame, kCoreMac) && !is_for_many) return passed(frame, "of-others");
  const auto type = frame[12] << 8 | frame[13];
  if (type != 0x0800 && type != 0x86dd) return passed(frame, "no-ip");
  auto packet = packet_of(frame);
  if (!packet || (!packet->is_ipv4 && is_key_of_ipv4(packet->key))) return dropped_because("malformed");
  return from_node(frame, *packet);
}

Expected Judge::from_node(const Frame& frame, core::ReferencePacket& packet) {
  const core::InstallSession* attachment = nullptr;
  for (const auto& one : attached_)
    if (std::ranges::equal(ByteView(frame).subspan(6, 6), link_address_of(one.node).octets))
      attachment = &one;
  const auto& source = packet.key.source;
  const bool is_to_server =
      packet.is_ipv4 && attachment && attachment->ipv4 && packet.key.destination == mapped_at(kLinkRouter4);
  if (is_to_server) fragments_.complete(packet);
  if (stays_on_link(packet) || (is_to_server && is_udp_to(packet, 67))) {
    fragments_.complete(packet);
    return may_be_mobility_header(packet.key.protocol) ? dropped_because("mobility-header")
                                                       : passed(frame, "on-link");
  }
  if (!is_to(frame, kCoreMac)) return dropped_because("multicast-frame");
  if (!attachment)
    return dropped_because(whose(attached_, source, packet.is_ipv4) ? "spoofed-mac" : "no-binding");
  if (!is_in(*attachment, source, packet.is_ipv4)) return dropped_because("spoofed-source");
  fragments_.complete(packet);
  if (is_signalling_to_gateway(packet)) return dropped_because("mobility-header");
  if (packet.hop_limit <= 1) return passed(frame, "last-hop");
  return send_up(frame, packet, *attachment);
}

Expected Judge::send_up(const Frame& frame, const core::ReferencePacket& packet,
                        const core::InstallSession& attachment) const {
  const auto tunnel = upwards(attachment);
  const auto least = packet.is_ipv4 ? 0 : kMinimumMtu;
  std::size_t most = std::max<std::size_t>(tunnel.mtu, least);
  if (packet.length <= most) most = std::max(kLinkMtu - tunnel_headers(tunnel), least);
  if (packet.length > most) {
    const auto from =
        is_mapped(attachment.mag) ? ip("fe80::200:5eff:fe00:5213") : attachment.mag;  // RFC 6543
    auto answer =
        packet.is_ipv4 ? too_big_ipv4(frame, packet, most) : answered_too_big(frame, packet, from, most);
    if (answer.reason == "cut") answer.counted = counter_of(attachment);
    return answer;
  }
  auto sent = passed(in_tunnel(frame, packet, tunnel), is_mapped(tunnel.mag) ? "sent-over-ipv4" : "sent");
  sent.verdict = Verdict::Redirect;
  sent.counted = counter_of(attachment);
  if (!is_mapped(tunnel.mag)) sent.label_of = hashed(packet.key, packet.echo);
  return sent;
}

}  // namespace flowmob::dataplane::testing
