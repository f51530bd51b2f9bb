// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/error.h"
#include "core/flow/flow_key.h"
#include "core/flow/reference_packet.h"
#include "core/lma/effect.h"

/// From a packet to its flow, as the data plane should find it: the classifier that the BPF program is held
/// against.
namespace flowmob::core {

/// The flow of what has this key: rules are tried in ascending order, equal ones in that of the list, and the
/// first whose selector matches (RFC 6088 section 3) names it (RFC 6089 section 5.3.6); else the default
/// flow. Zero: none.
FlowIndex flow_of(const InstallNode& node, const FlowKey& key);

/// What a packet counts as: its own key, or that of the flow that an ICMP error quotes.
struct ClassifiedPacket {
  ReferencePacket packet;
  FlowKey key;                          ///< by which it was classified
  std::optional<std::uint16_t> echo{};  ///< what tells it from other pings
  bool is_quoted = false;
  FlowIndex flow{};
};

/// A packet on its way to the node. "not-ip", "malformed" (read_packet()); "no-flow": no rule matches, and
/// there is no default flow. What first fragments have shown is in `fragments`, also of other nodes.
Result<ClassifiedPacket> classify_downlink(const InstallNode& node, ByteView octets,
                                           FirstFragments& fragments);
/// One from the node: its flow is that of its answer. Keys of the result are as downlink packets look.
Result<ClassifiedPacket> classify_uplink(const InstallNode& node, ByteView octets, FirstFragments& fragments);

}  // namespace flowmob::core
