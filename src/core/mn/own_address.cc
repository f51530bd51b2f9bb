// SPDX-License-Identifier: Apache-2.0
#include "core/mn/own_address.h"

#include <algorithm>

#include "wire/neighbor_discovery.h"

namespace flowmob::core {
namespace {

constexpr MacAddress kAllNodesMac{{0x33, 0x33, 0, 0, 0, 1}};
constexpr Ipv6Address kAllNodes{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

/// To whom the frame goes: whoever gave an address in the message, else the frame's sender.
MacAddress asker(const PacketMeta& meta, const wire::NeighborSolicitation& asked) {
  const auto* option = wire::find<wire::SourceLinkLayerAddress>(asked.options);
  MacAddress said;
  if (option == nullptr || option->address.size() != said.octets.size()) return meta.link_source;
  std::ranges::copy(option->address, said.octets.begin());
  return said.is_zero() || (said.octets[0] & 1) != 0 ? meta.link_source : said;
}

/// Ports count up from one.
constexpr unsigned kCounterOfVif = 0x10000;
constexpr Ipv6Prefix kLinkLocal{{{0xfe, 0x80}}, 64};

std::uint64_t mixed(const MacAddress& mac, unsigned counter) {
  std::uint64_t value = 0xcbf29ce484222325 + counter;
  for (const auto octet : mac.octets) value = (value ^ octet) * 0x100000001b3;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9;
  return value ^ (value >> 31U);
}

}  // namespace

/// Those of RFC 5453 begin with 0xfdff, or are zero.
std::uint64_t opaque_identifier(const MacAddress& mac, unsigned counter) {
  const std::uint64_t made = mixed(mac, counter);
  return made >> 48U == 0xfdff || made == 0 ? made ^ (1ULL << 48U) : made;
}

Ipv6Address link_local_of_vif(const MacAddress& mac) {
  return kLinkLocal.with_interface_id(opaque_identifier(mac, kCounterOfVif));
}

Ipv6Address solicited_node(const Ipv6Address& target) {
  Ipv6Address group{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff}};
  std::copy_n(target.octets.begin() + 13, 3, group.octets.begin() + 13);
  return group;
}

MacAddress mac_of_group(const Ipv6Address& group) {
  MacAddress mac{{0x33, 0x33}};
  std::copy_n(group.octets.begin() + 12, 4, mac.octets.begin() + 2);
  return mac;
}

/// A probe for duplicates (RFC 4862 section 5.4.3) has no source, and goes to the group.
bool is_question_about(const Ipv6Address& own, const PacketMeta& meta,
                       const wire::NeighborSolicitation& asked) {
  if (meta.hop_limit != 255 || asked.target != own) return false;
  const bool to_group = meta.destination == solicited_node(own);
  if (!meta.source.is_unspecified())
    return !meta.source.is_multicast() && (to_group || meta.destination == own);
  return to_group && wire::find<wire::SourceLinkLayerAddress>(asked.options) == nullptr;
}

Ipv6Address link_local_of(const MacAddress& mac) {
  return kLinkLocal.with_interface_id(mac.eui64_interface_id());
}

std::optional<AnswerNeighbor> answer_about(const MemberConfig& member, const Ipv6Address& own,
                                           const PacketMeta& meta, ByteView icmpv6) {
  const auto message = wire::decode_nd(icmpv6, meta.source, meta.destination);
  const auto* asked = message ? std::get_if<wire::NeighborSolicitation>(&*message) : nullptr;
  if (asked == nullptr || !is_question_about(own, meta, *asked)) return std::nullopt;
  if (meta.source.is_unspecified())
    return AnswerNeighbor{member.index, member.mac, own, kAllNodesMac, kAllNodes, false};
  return AnswerNeighbor{member.index, member.mac, own, asker(meta, *asked), meta.source, true};
}

}  // namespace flowmob::core
