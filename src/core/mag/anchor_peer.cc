// SPDX-License-Identifier: Apache-2.0
#include "core/mag/anchor_peer.h"

namespace flowmob::core {

bool AnchorPeer::handle_message(Now now, const PacketMeta& meta, const wire::MobilityMessage& message) {
  if (const auto* heartbeat = std::get_if<wire::Heartbeat>(&message))
    watch_.handle_message(now, meta, *heartbeat);
  else if (const auto* indication = std::get_if<wire::BindingRevocationIndication>(&message))
    revocations_.handle(now, RevocationRequest(meta, *indication));
  else if (const auto* answer = std::get_if<wire::BindingRevocationAcknowledgement>(&message))
    bulk_.handle_acknowledgement(now, *answer);
  else if (const auto* notification = std::get_if<wire::UpdateNotification>(&message))
    notifications_.handle(now, meta, *notification);
  else
    return false;
  return true;
}

void AnchorPeer::handle_timeout(Now now) {
  watch_.handle_timeout(now);
  bulk_.handle_timeout(now);
}

void AnchorPeer::settle(Now now) {
  revocations_.settle(now);
  notifications_.settle();
  watch_.follow_attachments(now);
}

std::optional<TimePoint> AnchorPeer::next_deadline() const {
  std::optional<TimePoint> next;
  for (const auto& one : {watch_.next_deadline(), revocations_.next_deadline(), bulk_.next_deadline()})
    if (one && (!next || *one < *next)) next = one;
  return next;
}

void AnchorPeer::add_statistics(Json& statistics) const {
  statistics["heartbeat"] = watch_.statistics();
  statistics["revocation"] = counters_.to_json();
  statistics["notification"] = notifications_.statistics();
}

}  // namespace flowmob::core
