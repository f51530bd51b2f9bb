// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "chance.h"
#include "world.h"

/// Packets at random: of all protocols, with chains of extension headers, options, fragments and quotations,
/// sound ones and such as nobody should send.
namespace flowmob::dataplane::testing {

/// An Ethernet frame.
using Frame = Bytes;

/// From a correspondent's side towards the nodes of the world, or nobody, as core0 gets it.
Frame random_downlink(Chance& chance, const World& world);
/// From a gateway's side: mostly packets of the nodes in tunnels, as acc1 gets it.
Frame random_uplink(Chance& chance, const World& world);

/// From the anchor's side, as the gateway's acc1 gets it.
Frame random_gateway_downlink(Chance& chance, const World& world);
/// From the nodes' side, as the gateway's core0 gets it, which is their link.
Frame random_gateway_uplink(Chance& chance, const World& world);

}  // namespace flowmob::dataplane::testing
