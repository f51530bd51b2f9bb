// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/anchor_peer.h"
#include "core/mag/path_registrar.h"
#include "core/rate_limiter.h"
#include "core/signalling/header_errors.h"

namespace flowmob::core {

/// Mobility Headers from anybody: only the LMA's answers go further.
class MessageHandler {
 public:
  MessageHandler(MagContext& context, Registrar& registrar, PathRegistrar& paths, AnchorPeer& anchor)
      : context_(context),
        registrar_(registrar),
        paths_(paths),
        anchor_(anchor),
        errors_(context.config.binding_errors_per_second) {}

  void handle(Now now, const PacketMeta& meta, ByteView mobility_header);
  void reconfigured() { errors_.set_rate(context_.config.binding_errors_per_second); }

 private:
  void binding_error(Now now, const PacketMeta& meta, const wire::BindingError& error);
  void answer(std::optional<HeaderErrors::Answer> error);

  MagContext& context_;
  Registrar& registrar_;
  PathRegistrar& paths_;
  AnchorPeer& anchor_;
  HeaderErrors errors_;
  RateLimiter error_notices_{std::chrono::seconds(10)};
};

}  // namespace flowmob::core
