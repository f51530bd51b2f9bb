// SPDX-License-Identifier: Apache-2.0
#include "core/mag/router_advertisement.h"

#include <algorithm>

#include "wire/neighbor_discovery.h"

namespace flowmob::core {
namespace {

constexpr std::uint8_t kHopLimit = 64;
/// Hosts never shorten a valid lifetime below two hours (RFC 4862 section 5.5.3 e), so to say less is idle.
constexpr std::uint32_t kValidLifetime = 7200;
constexpr std::uint32_t kPreferredLifetime = 3600;

const Ipv6Address& all_nodes() {
  static const Ipv6Address address{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
  return address;
}

struct Lifetimes {
  std::uint16_t router;
  std::uint32_t valid;
  std::uint32_t preferred;
};

SendNeighborDiscovery build(const MagConfig& config, const AccessConfig& access, const Attachment& attachment,
                            const std::vector<Ipv6Prefix>& prefixes, const Lifetimes& lifetimes) {
  wire::RouterAdvertisement advertisement;
  advertisement.hop_limit = kHopLimit;
  advertisement.router_lifetime = lifetimes.router;
  for (const auto& prefix : prefixes)
    advertisement.options.push_back(wire::PrefixInformation{prefix.length, true, true, lifetimes.valid,
                                                            lifetimes.preferred, prefix.address});
  advertisement.options.push_back(wire::Mtu{std::min(config.tunnel_mtu, access.link_mtu)});
  const auto& mac = access.link_address.octets;
  advertisement.options.push_back(wire::SourceLinkLayerAddress{Bytes(mac.begin(), mac.end())});

  const auto& node = attachment.node_link_local;
  const Ipv6Address destination = node.is_unspecified() ? all_nodes() : node;
  const Ipv6Address& source = attachment.router_link_local;
  return {access.index, access.link_address, attachment.link_layer,
          source,       destination,         wire::encode_nd(advertisement, source, destination)};
}

}  // namespace

SendNeighborDiscovery advertise(const MagConfig& config, const AccessConfig& access,
                                const Attachment& attachment) {
  return build(config, access, attachment, attachment.prefixes,
               {config.router_lifetime, kValidLifetime, kPreferredLifetime});
}

SendNeighborDiscovery withdraw(const MagConfig& config, const AccessConfig& access,
                               const Attachment& attachment, const std::vector<Ipv6Prefix>& prefixes,
                               std::uint16_t router_lifetime) {
  return build(config, access, attachment, prefixes, {router_lifetime, 0, 0});
}

}  // namespace flowmob::core
