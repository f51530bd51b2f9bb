// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "core/peer/config.h"
#include "core/peer/outstanding.h"
#include "core/peer/own_address.h"
#include "wire/mobility_header.h"

namespace flowmob::core {

/// Binding Revocation Indications that wait for their acknowledgement (RFC 5846 sections 6.1.1, 6.2.2, 6.3).
/// What is sent again is what was sent, octet by octet.
class RevocationInitiator : public Outstanding {
 public:
  explicit RevocationInitiator(const OwnAddress& own_address) : own_address_(own_address) {}

  /// Sends it under a number that no other outstanding one has; there has to be room.
  Sent begin(Now now, const RevocationConfig& config, const Ipv6Address& peer,
             wire::BindingRevocationIndication indication);

 private:
  Sequence next_sequence(Now now);

  OwnAddress own_address_;
  std::optional<Sequence> last_;
};

}  // namespace flowmob::core
