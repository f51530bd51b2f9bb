// SPDX-License-Identifier: Apache-2.0
#include "core/mag/router_advertisement.h"

#include <algorithm>

#include "core/mag/tunnel_negotiation.h"
#include "wire/neighbor_discovery.h"

namespace flowmob::core {
namespace {

constexpr std::uint8_t kHopLimit = 64;
/// Hosts never shorten a valid lifetime below two hours (RFC 4862 section 5.5.3 e), so to say less is idle.
constexpr std::uint32_t kValidLifetime = 7200;

const Ipv6Address& all_nodes() {
  static const Ipv6Address address{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
  return address;
}

struct Lifetimes {
  std::uint16_t router;
  std::uint32_t valid;
  std::uint32_t preferred;
};

void add_prefix(wire::RouterAdvertisement& advertisement, const Ipv6Prefix& prefix,
                const Lifetimes& lifetimes) {
  advertisement.options.push_back(wire::PrefixInformation{prefix.length, true, true, lifetimes.valid,
                                                          lifetimes.preferred, prefix.address});
}

constexpr Lifetimes in_use(std::uint16_t router) {
  return {router, kValidLifetime,
          static_cast<std::uint32_t>(std::chrono::floor<std::chrono::seconds>(kPreferredLifetime).count())};
}

wire::RouterAdvertisement advertisement(std::uint16_t router_lifetime) {
  wire::RouterAdvertisement message;
  message.hop_limit = kHopLimit;
  message.router_lifetime = router_lifetime;
  return message;
}

/// Who says it, and to whom: one frame to one node (RFC 6085).
struct Ends {
  MacAddress link_layer;
  Ipv6Address node;  ///< unspecified: not known
  Ipv6Address router;
};

SendNeighborDiscovery in_frame(const AccessConfig& access, const Ends& ends, std::uint16_t mtu,
                               wire::RouterAdvertisement message) {
  message.options.push_back(wire::Mtu{mtu});
  const auto& mac = access.link_address.octets;
  message.options.push_back(wire::SourceLinkLayerAddress{Bytes(mac.begin(), mac.end())});
  const Ipv6Address destination = ends.node.is_unspecified() ? all_nodes() : ends.node;
  return {access.index, access.link_address, ends.link_layer,
          ends.router,  destination,         wire::encode_nd(message, ends.router, destination)};
}

SendNeighborDiscovery build(const MagConfig& config, const AccessConfig& access, const Attachment& attachment,
                            const std::vector<Ipv6Prefix>& prefixes, const Lifetimes& lifetimes) {
  auto message = advertisement(lifetimes.router);
  for (const auto& prefix : prefixes) add_prefix(message, prefix, lifetimes);
  for (const auto& [prefix, until] : attachment.withdrawn)
    if (std::ranges::find(prefixes, prefix) == prefixes.end())
      add_prefix(message, prefix, {lifetimes.router, 0, 0});
  return in_frame(access, {attachment.link_layer, attachment.node_link_local, attachment.router_link_local},
                  std::min(inner_mtu(config, attachment), access.link_mtu), std::move(message));
}

}  // namespace

SendNeighborDiscovery advertise(const MagConfig& config, const AccessConfig& access,
                                const Attachment& attachment) {
  return build(config, access, attachment, attachment.prefixes, in_use(config.router_lifetime));
}

SendNeighborDiscovery withdraw(const MagConfig& config, const AccessConfig& access,
                               const Attachment& attachment, const std::vector<Ipv6Prefix>& prefixes,
                               std::uint16_t router_lifetime) {
  return build(config, access, attachment, prefixes, {router_lifetime, 0, 0});
}

SendNeighborDiscovery advertise_visited(const MagConfig& config, const AccessConfig& access,
                                        const MacAddress& node, const Ipv6Address& node_link_local,
                                        bool is_router) {
  const Lifetimes lifetimes = is_router ? in_use(config.router_lifetime) : Lifetimes{0, 0, 0};
  auto message = advertisement(lifetimes.router);
  add_prefix(message, *access.visited_prefix, lifetimes);
  const auto router =
      config.router_link_local.is_unspecified() ? own_link_local(access) : config.router_link_local;
  return in_frame(access, {node, node_link_local, router}, access.link_mtu, std::move(message));
}

Ipv6Address own_link_local(const AccessConfig& access) {
  return Ipv6Prefix::parse("fe80::/64").value().with_interface_id(access.link_address.eui64_interface_id());
}

}  // namespace flowmob::core
