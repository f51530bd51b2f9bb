// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ipv4.h"
#include "base/time.h"
#include "core/binding/ordering.h"
#include "core/effect.h"
#include "wire/mobility_header.h"

namespace flowmob::core {

/// A Proxy Binding Update with its options looked up once. Where an option may stand once, the first counts.
struct PbuRequest {
  PbuRequest(const PacketMeta& from, wire::ProxyBindingUpdate message);

  PacketMeta meta;
  wire::ProxyBindingUpdate update;
  TimePoint came{};  ///< noted by who received it

  Ipv6Address proxy_coa;  ///< the Alternate Care-of Address if there is one, else the source
  std::optional<std::uint8_t> mn_id_subtype;
  std::string mn_id;

  /// Off-link prefixes (RFC 7864 section 6.2) are nobody's home network prefixes here and do not count.
  bool has_home_network_prefix = false;
  unsigned all_zero_prefixes = 0;
  std::vector<Ipv6Prefix> prefixes;  ///< those that are not ALL_ZERO, ascending, each once

  /// Delegated Mobile Network Prefix options (RFC 7148 section 4.1).
  struct Delegation {
    bool is_asked_for = false;         ///< there is one
    bool any_ipv6 = false;             ///< one is ALL_ZERO: what the node may have
    bool ipv4 = false;                 ///< one names a prefix of IPv4
    std::vector<Ipv6Prefix> prefixes;  ///< those that are named, ascending, each once
    friend bool operator==(const Delegation&, const Delegation&) = default;
  } delegation;

  std::vector<wire::Ipv4HomeAddressRequest> ipv4_requests;  ///< more than one is refused

  std::optional<wire::HandoffIndicator> handoff;
  std::optional<wire::AccessTechnology> technology;
  Bytes link_layer_id;  ///< empty: none, or ALL_ZERO
  std::optional<Ipv6Address> link_local;
  std::optional<std::uint64_t> timestamp;
  std::optional<std::string> service;
  std::optional<wire::GreKey> gre;                ///< it asks for GRE, with a key or without (RFC 5845)
  std::optional<wire::MagMultipathBinding> path;  ///< one of several of the MAG's (RFC 8278)
  std::vector<wire::BindingIdentifierOption> bindings;
  std::vector<wire::FlowIdentification> flows;
  std::vector<std::uint16_t> summary;  ///< of all Flow Summary options

  bool wants_ipv4() const { return !ipv4_requests.empty(); }
  /// The IPv4 home address that is asked for; none where any will do.
  std::optional<Ipv4Address> ipv4_address() const;
  /// Data is to go in UDP, which only a MAG behind IPv4 can mean (RFC 5844 section 4.1.3.1).
  bool forces_udp() const { return update.force_udp && is_mapped(meta.source); }
  bool deregisters() const { return update.lifetime == 0; }
  bool hands_off(wire::HandoffIndicator indicator) const { return handoff == indicator; }
  LastAccepted order() const { return {update.sequence, timestamp.value_or(0)}; }
};

}  // namespace flowmob::core
