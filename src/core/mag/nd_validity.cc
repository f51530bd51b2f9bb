// SPDX-License-Identifier: Apache-2.0
#include "core/mag/nd_validity.h"

namespace flowmob::core {
namespace {

constexpr std::uint8_t kHopLimit = 255;

const wire::NdOptions& options_of(const wire::NdMessage& message) {
  return std::visit([](const auto& m) -> const wire::NdOptions& { return m.options; }, message);
}

}  // namespace

Result<wire::NdMessage> validate_nd(const PacketMeta& meta, ByteView icmpv6) {
  if (meta.hop_limit != kHopLimit) return fail("bad-hop-limit", "Neighbor Discovery from off the link");
  if (meta.source.is_multicast() || meta.source.is_loopback())
    return fail("bad-source", "nobody can be at this source address");
  if (meta.link_source.is_zero() || (meta.link_source.octets[0] & 1) != 0)
    return fail("bad-link-source", "nobody can have this link-layer address");
  auto message = wire::decode_nd(icmpv6, meta.source, meta.destination);
  if (!message) return message;
  if (meta.source.is_unspecified() && wire::find<wire::SourceLinkLayerAddress>(options_of(*message)))
    return fail("bad-source", "a link-layer address of nobody");
  const auto* solicitation = std::get_if<wire::NeighborSolicitation>(&*message);
  if (solicitation && solicitation->target.is_multicast())
    return fail("bad-target", "a group is nobody's neighbor");
  return message;
}

std::optional<std::uint64_t> send_timestamp(const wire::NdMessage& message) {
  constexpr std::uint8_t kTimestamp = 13;
  constexpr std::size_t kReserved = 6, kLength = 14;
  for (const auto& option : options_of(message)) {
    const auto* found = std::get_if<wire::UnknownNdOption>(&option);
    if (!found || found->type != kTimestamp || found->data.size() != kLength) continue;
    std::uint64_t value = 0;
    for (const auto octet : ByteView(found->data).subspan(kReserved)) value = value << 8 | octet;
    return value;
  }
  return std::nullopt;
}

}  // namespace flowmob::core
