// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "core/effect.h"
#include "core/mag/record.h"
#include "core/tunnelling.h"

/// What a MobileAccessGateway asks for. The Install effects mirror the rows of the data plane and are
/// idempotent.
namespace flowmob::core {

/// IPv6 prefixes of one attachment, those that it does not advertise included; the rows have room for no
/// more.
constexpr std::size_t kMostPrefixes = 4;

/// Delivery to one attached mobile node and its uplink, by link-layer address.
struct InstallHost {
  SessionId attachment;
  InterfaceIndex interface;
  MacAddress node;
  MacAddress router;  ///< ours on the access link
  std::vector<Ipv6Prefix> prefixes;
  Ipv6Address mag;
  Ipv6Address lma;
  std::uint16_t mtu{};  ///< of the tunnel, for the inner packet
  std::optional<Ipv4Home> ipv4 = {};
  Tunnelling tunnelling{};
  bool is_watched = false;  ///< for flows that it moves by itself: handle_flow_sighting() hears of them
  std::vector<Ipv6Prefix> delegated = {};  ///< of the network behind it, besides (RFC 7148)
  friend bool operator==(const InstallHost&, const InstallHost&) = default;
};
struct RemoveHost {
  SessionId attachment;
};

/// One Neighbor Discovery message, or ICMPv6 error, in one link-layer frame (RFC 6085). Hop limit 255.
struct SendNeighborDiscovery {
  InterfaceIndex interface;
  MacAddress link_source;
  MacAddress link_destination;
  Ipv6Address source;
  Ipv6Address destination;
  Bytes icmpv6;
};

/// One whole Ethernet frame of IPv4, ARP or DHCPv6.
struct SendFrame {
  InterfaceIndex interface;
  Bytes frame;
};

/// A UDP payload to a DHCP server's port 67, from the relay's address and port 67.
struct SendDhcpToServer {
  Ipv4Address server;
  Bytes payload;
};

struct PersistAttachment {
  AttachmentRecord record;
};
struct ForgetAttachment {
  SessionId attachment;
};

struct MagEffect {
  EffectId id;
  std::variant<SendMessage, Notify, EnsureTunnel, RemoveTunnel, InstallHost, RemoveHost,
               SendNeighborDiscovery, SendFrame, SendDhcpToServer, PersistAttachment, ForgetAttachment,
               SendIcmpv6, SendPacket>
      action;
};

}  // namespace flowmob::core
