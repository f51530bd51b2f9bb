// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/strong_id.h"

namespace flowmob::platform {

/// What of XDP an interface can do, as the kernel says it (NETDEV_XDP_ACT_*).
struct XdpFeatures {
  static constexpr std::uint64_t kBasic = 1, kRedirect = 2, kTransmit = 4;
  std::uint64_t bits = 0;
  bool has(std::uint64_t wanted) const { return (bits & wanted) == wanted; }
};
/// Nothing: the kernel does not say it; those before 6.3 do not.
std::optional<XdpFeatures> xdp_features(InterfaceIndex interface);

/// What a card is, as its driver says it.
struct CardFacts {
  std::string driver;
  std::string bus;              ///< where it is plugged in; empty: nowhere, it is virtual
  bool takes_tags_off = false;  ///< of VLANs, before XDP sees the frame
  bool filters_vlans = false;   ///< frames of VLANs without an interface here do not arrive
};
/// Of an interface of the calling thread's network namespace; nothing: there is none, or it does not say.
std::optional<CardFacts> card_facts(const std::string& interface);

/// What speaks for and against XDP at an interface.
struct InterfaceFacts {
  std::optional<CardFacts> card;
  std::optional<XdpFeatures> features;
  std::string vlan;    ///< an interface of a VLAN on top of it; empty: there is none
  std::string shaper;  ///< the kind of a queueing discipline there that somebody has chosen; empty: none is
};
InterfaceFacts interface_facts(const std::string& interface);

/// Why `datapath = "auto"` leaves an interface to tc; empty: it does not.
std::string reason_for_tc(const std::string& interface, const InterfaceFacts& facts);

}  // namespace flowmob::platform
