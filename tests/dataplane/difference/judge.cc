// SPDX-License-Identifier: Apache-2.0
#include "judge.h"

#include <fmt/format.h>

#include "base/ipv4.h"
#include "envelope.h"
#include "judge_common.h"

namespace flowmob::dataplane::testing {
namespace {

constexpr std::size_t kOuterLabel = kEthernet + 1;

/// RFC 4291 sections 2.4 to 2.7, RFC 1812 section 5.3.7: what no router forwards. Below ::/16 there are only
/// addresses that are never on a wire; 64:ff9b::/96 is not there.
bool has_no_sender(const core::ReferencePacket& packet) {
  const auto& source = packet.key.source;
  if (packet.is_ipv4) {
    const auto first = from_mapped(source).octets[0];
    return first == 0 || first == 127 || first >= 224;
  }
  return source.is_multicast() || (source.octets[0] == 0 && source.octets[1] == 0);
}

bool is_link_local(const core::ReferencePacket& packet) {
  return !packet.is_ipv4 && packet.key.source.is_link_local();
}

bool is_own_tunnel_packet(const core::ReferencePacket& packet) {
  const auto next = packet.next_header;
  return (next == 4 || next == 41 || next == 47) && is_anchors(packet.key.source);
}

}  // namespace

Expected Judge::expect(Way way, const Frame& frame) {
  switch (way) {
    case Way::Downlink:
      return downlink(frame);
    case Way::Uplink:
      return uplink(frame);
    case Way::GatewayDownlink:
      return gateway_downlink(frame);
    case Way::GatewayUplink:
      return gateway_uplink(frame);
  }
  return {};
}

Expected Judge::downlink(const Frame& frame) {
  if (!is_to(frame, kCoreMac)) return passed(frame, "of-others");
  const auto packet = packet_of(frame);
  if (!packet) return passed(frame, "no-packet");
  const auto* node = node_of(world_, packet->key.destination, packet->is_ipv4);
  if (!node) return passed(frame, "of-no-node");
  if (is_own_tunnel_packet(*packet)) return passed(frame, "own-tunnel");
  if (is_link_local(*packet)) return passed(frame, "link-local");
  if (has_no_sender(*packet)) return dropped_because("malformed");
  if (packet->hop_limit <= 1) return passed(frame, "last-hop");
  const auto found = core::classify_downlink(*node, packet_in(frame), fragments_);
  return found ? forward(frame, *found) : dropped_because("no-flow");
}

Expected Judge::forward(const Frame& frame, const core::ClassifiedPacket& found) const {
  const auto* flow = world_.flow(found.flow);
  if (!flow) return dropped_because("no-flow");
  if (world_.drops(found.flow)) return dropped_because("policy");
  auto hashed_key = found.key;
  if (found.echo) hashed_key.spi = *found.echo;
  const auto shared = core::share_of(flow->spread, hashed_key);
  const auto* session = world_.session(shared ? shared : flow->session);
  return session ? send(frame, found, *session) : dropped_because("no-session");
}

Expected Judge::send(const Frame& frame, const core::ClassifiedPacket& found,
                     const core::InstallSession& session) const {
  const auto& packet = found.packet;
  const std::size_t tunnels = session.mtu, links = kLinkMtu - tunnel_headers(session);
  const auto least = packet.is_ipv4 ? 0 : kMinimumMtu;
  const bool is_routed = session.mag != ip(kUnreachable);
  std::size_t most = std::max(tunnels, least);
  if (packet.length <= most && !is_routed) return dropped_because("no-route");
  if (packet.length <= most) most = std::max(links, least);
  if (packet.length > most) {
    if (packet.is_ipv4) return passed(frame, "too-big-ipv4");
    return answered_too_big(frame, packet, ip(kAnchor), most);
  }
  const auto kind = found.is_quoted    ? "sent-quoted"
                    : packet.continues ? (packet.is_whole ? "sent-later-fragment" : "sent-lost-fragment")
                    : packet.begins    ? "sent-first-fragment"
                    : is_mapped(session.mag) ? "sent-over-ipv4"
                                             : "sent";
  auto sent = passed(in_tunnel(frame, packet, session), kind);
  sent.verdict = Verdict::Redirect;
  sent.counted = found.flow;
  if (!is_mapped(session.mag)) sent.label_of = hashed(packet.key, packet.echo);
  return sent;
}

std::string Judge::difference(const Expected& expected, const Actual& actual) {
  if (expected.verdict != actual.verdict) return "another verdict";
  if (expected.reason != actual.reason) return "another reason";
  if (expected.counted != actual.counted) return "another flow's counter";
  if (expected.verdict == Verdict::Drop) return "";
  auto frame = actual.frame;
  if (!expected.label_of.empty() && frame.size() >= kOuterLabel + 3) {
    const auto label = static_cast<std::uint32_t>((frame[kOuterLabel] & 0xf) << 16 |
                                                  frame[kOuterLabel + 1] << 8 | frame[kOuterLabel + 2]);
    frame[kOuterLabel] &= 0xf0;
    frame[kOuterLabel + 1] = frame[kOuterLabel + 2] = 0;
    if (label == 0) return "no flow label";
    if (labels_.try_emplace(expected.label_of, label).first->second != label) return "another flow label";
  }
  auto wanted = expected.frame;
  if (const auto open = expected.checksum_open_at; open != 0 && frame.size() == wanted.size())
    wanted[open] = frame[open], wanted[open + 1] = frame[open + 1];
  if (frame.size() != wanted.size()) return "another length";
  const auto [a, b] = std::ranges::mismatch(frame, wanted);
  return a == frame.end() ? "" : fmt::format("octet {} of the packet", a - frame.begin() - 14);
}

std::string to_string(const Expected& expected) {
  return fmt::format("{} {} ({}), flow {}: {}", ::testing::PrintToString(expected.verdict), expected.reason,
                     expected.kind, expected.counted.value, to_hex(expected.frame));
}
std::string to_string(const Actual& actual) {
  return fmt::format("{} {}, flow {}: {}", ::testing::PrintToString(actual.verdict), actual.reason,
                     actual.counted.value, to_hex(actual.frame));
}

}  // namespace flowmob::dataplane::testing
