// SPDX-License-Identifier: Apache-2.0
#include "judge_common.h"

#include <fmt/format.h>

#include "base/ipv4.h"
#include "envelope.h"

namespace flowmob::dataplane::testing {
namespace {

Ipv6Address mapped_from(std::string_view text) { return to_mapped(Ipv4Address::parse(text).value()); }

bool begins_as_key(const Ipv6Address& address) {
  const auto& octets = address.octets;
  return octets[0] == 0 && octets[1] == 0 && octets[2] == 0xff && octets[3] == 0xff;
}

/// RFC 4443 section 2.4 (e): no answer to an error.
bool may_be_answered(ByteView octets, const core::ReferencePacket& packet) {
  if (packet.key.protocol != 58 || !packet.upper || *packet.upper >= packet.length) return true;
  return octets[*packet.upper] >= 128;
}

}  // namespace

Expected passed(const Frame& frame, const char* kind) {
  Expected expected;
  expected.verdict = Verdict::Pass;
  expected.frame = frame;
  expected.kind = kind;
  return expected;
}

Expected dropped_because(const char* reason) {
  Expected expected;
  expected.verdict = Verdict::Drop;
  expected.reason = expected.kind = reason;
  return expected;
}

bool is_to(const Frame& frame, std::string_view mac) {
  return std::ranges::equal(ByteView(frame).first(6), MacAddress::parse(mac).value().octets);
}

bool is_key_of_ipv4(const core::FlowKey& key) {
  return begins_as_key(key.source) || begins_as_key(key.destination);
}

Result<core::ReferencePacket> packet_of(const Frame& frame) {
  const auto type = frame[12] << 8 | frame[13];
  if (type != 0x0800 && type != 0x86dd) return fail("not-ip", "another protocol's");
  auto packet = core::read_packet(packet_in(frame));
  if (packet && packet->is_ipv4 != (type == 0x0800)) return fail("not-ip", "not what the frame says");
  return packet;
}

const core::InstallNode* node_of(const World& world, const Ipv6Address& address, bool is_ipv4) {
  return is_mapped(address) == is_ipv4 ? world.node_at(address) : nullptr;
}

bool is_anchors(const Ipv6Address& address) {
  return address == ip(kAnchor) || address == mapped_from(kAnchor4);
}

bool is_tunnel(const Ipv6Address& gateway, const Ipv6Address& anchor) {
  if (is_mapped(gateway)) return gateway == mapped_from(kGateway4) && anchor == mapped_from(kAnchor4);
  return anchor == ip(kAnchor) &&
         (gateway == ip(kGateway1) || gateway == ip(kGateway2) || gateway == ip(kUnreachable));
}

std::string hashed(const core::FlowKey& key, const std::optional<std::uint16_t>& echo) {
  const auto ports = key.ports.value_or(core::FlowKey::Ports{});
  return fmt::format("{},{},{},{},{},{}", key.protocol, key.source.to_string(), ports.source,
                     key.destination.to_string(), ports.destination, key.spi.value_or(echo.value_or(0)));
}

Expected answered_too_big(const Frame& frame, const core::ReferencePacket& packet, const Ipv6Address& from,
                          std::size_t mtu) {
  if (!may_be_answered(packet_in(frame), packet)) return dropped_because("too-big-silent");
  auto answer = passed(too_big_answer(frame, packet, from, static_cast<std::uint32_t>(mtu)), "too-big");
  answer.verdict = Verdict::Redirect;
  answer.reason = "too-big";
  answer.checksum_open_at = has_partial_checksum(packet_in(frame), packet) ? kEthernet + 40 + 2 : 0;
  return answer;
}

}  // namespace flowmob::dataplane::testing
