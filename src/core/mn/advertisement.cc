// SPDX-License-Identifier: Apache-2.0
#include "core/mn/advertisement.h"

#include <algorithm>

namespace flowmob::core {
namespace {

constexpr std::uint32_t kMinimumMtu = 1280;  // RFC 8200 section 5

/// A group address or none at all cannot be a router's.
template <class Option>
MacAddress router_mac(const wire::NdOptions& options, const MacAddress& frame_source) {
  const auto* option = wire::find<Option>(options);
  MacAddress said;
  if (option == nullptr || option->address.size() != said.octets.size()) return frame_source;
  std::ranges::copy(option->address, said.octets.begin());
  return said.is_zero() || (said.octets[0] & 1) != 0 ? frame_source : said;
}

}  // namespace

Result<Advertisement> read_advertisement(const PacketMeta& meta, ByteView icmpv6) {
  if (meta.hop_limit != 255) return fail("hop-limit", "an advertisement from beyond the link");
  if (!meta.source.is_link_local())
    return fail("not-link-local", "a router speaks from its link-local address");
  auto message = wire::decode_nd(icmpv6, meta.source, meta.destination);
  if (!message) return tl::unexpected(message.error());
  const auto* said = std::get_if<wire::RouterAdvertisement>(&*message);
  if (said == nullptr) return fail("not-an-advertisement", "another Neighbor Discovery message");
  Advertisement read{meta.source,
                     router_mac<wire::SourceLinkLayerAddress>(said->options, meta.link_source),
                     said->router_lifetime,
                     0,
                     false,
                     {}};
  if (const auto* mtu = wire::find<wire::Mtu>(said->options); mtu != nullptr) {
    read.mtu_too_small = mtu->mtu < kMinimumMtu;
    if (!read.mtu_too_small) read.mtu = mtu->mtu;
  }
  for (const auto& option : said->options)
    if (const auto* prefix = std::get_if<wire::PrefixInformation>(&option)) read.prefixes.push_back(*prefix);
  return read;
}

std::optional<RouterAnswer> answer_of(const Ipv6Address& router, const PacketMeta& meta, ByteView icmpv6) {
  if (meta.hop_limit != 255 || meta.source != router || meta.destination.is_multicast()) return std::nullopt;
  const auto message = wire::decode_nd(icmpv6, meta.source, meta.destination);
  const auto* said = message ? std::get_if<wire::NeighborAdvertisement>(&*message) : nullptr;
  if (said == nullptr || !said->solicited || said->target != router) return std::nullopt;
  const bool is_given = wire::find<wire::TargetLinkLayerAddress>(said->options) != nullptr;
  return RouterAnswer{router_mac<wire::TargetLinkLayerAddress>(said->options, meta.link_source), is_given};
}

}  // namespace flowmob::core
