// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/mag_context.h"

namespace flowmob::core {

/// Cuts what an attached node sends by IPv4 and its tunnel does not carry whole (RFC 2473 section 7.2),
/// before the tunnel and not in it (docs/adr/0058). The data plane has seen to whose it is and that it may be
/// cut, and limits how many there are.
class PacketCutter {
 public:
  explicit PacketCutter(MagContext& context) : context_(context) {}

  void handle(SessionId attachment, std::size_t mtu, ByteView packet);

 private:
  MagContext& context_;
};

}  // namespace flowmob::core
