// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/anchor_peer.h"
#include "core/rate_limiter.h"

namespace flowmob::core {

/// Mobility Headers from anybody: only the LMA's answers go further.
class MessageHandler {
 public:
  MessageHandler(MagContext& context, Registrar& registrar, AnchorPeer& anchor)
      : context_(context), registrar_(registrar), anchor_(anchor) {}

  void handle(Now now, const PacketMeta& meta, ByteView mobility_header);

 private:
  void binding_error(Now now, const PacketMeta& meta, const wire::BindingError& error);
  /// A Binding Error of status 2 (RFC 6275 section 9.2).
  void unknown_type(Now now, const PacketMeta& meta);

  MagContext& context_;
  Registrar& registrar_;
  AnchorPeer& anchor_;
  RateLimiter errors_sent_{std::chrono::milliseconds(100)};
  RateLimiter error_notices_{std::chrono::seconds(10)};
};

}  // namespace flowmob::core
