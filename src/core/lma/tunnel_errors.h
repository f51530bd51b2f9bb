// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/lma/anchor_state.h"
#include "core/tunnel/tunnel_answer.h"
#include "core/tunnel/tunnel_error_log.h"

namespace flowmob::core {

/// Errors about packets that the anchor sent to MAGs: whoever sent what was in them is told (RFC 2473 section
/// 8), if it was for a node that uses this tunnel.
class LmaTunnelErrors {
 public:
  explicit LmaTunnelErrors(AnchorState& state) : state_(state) {}

  void handle(Now now, const TunnelError& error);
  Json statistics() const { return log_.to_json(); }

 private:
  bool is_for_node_of(const Ipv6Address& mag, const OriginalPacket& original) const;
  void tell(const TunnelAnswer& answer, ByteView quoted);

  AnchorState& state_;
  TunnelErrorLog log_;
};

}  // namespace flowmob::core
