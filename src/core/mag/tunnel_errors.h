// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/mag_context.h"
#include "core/tunnel/tunnel_answer.h"
#include "core/tunnel/tunnel_error_log.h"

namespace flowmob::core {

/// Errors about packets that the gateway sent to its LMA: the attached node that sent what was in them is
/// told on its link (RFC 2473 section 8).
class MagTunnelErrors {
 public:
  explicit MagTunnelErrors(MagContext& context) : context_(context) {}

  void handle(Now now, const TunnelError& error);
  Json statistics() const { return log_.to_json(); }

 private:
  const Attachment* source_of(const OriginalPacket& original) const;
  void tell(const Attachment& attachment, const TunnelAnswer& answer, ByteView quoted);

  MagContext& context_;
  TunnelErrorLog log_;
};

}  // namespace flowmob::core
