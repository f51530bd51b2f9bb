// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/anchor_notifications.h"
#include "core/mag/anchor_revocations.h"
#include "core/mag/anchor_watch.h"
#include "core/mag/bulk_revocation.h"

namespace flowmob::core {

/// All that a MAG and its LMA say to each other but for Proxy Binding Updates.
class AnchorPeer {
 public:
  AnchorPeer(MagContext& context, NodeService& service, Registrar& registrar, AttachmentDetector& detector)
      : watch_(context, registrar),
        revocations_(context, detector, counters_),
        bulk_(context, registrar, detector, counters_),
        notifications_(context, service, registrar) {}

  void reconfigure(Now now) { watch_.reconfigure(now); }
  void set_restart_counter(std::uint32_t counter, bool lost_state) {
    watch_.set_restart_counter(counter, lost_state);
  }

  void number_heartbeats_from(std::uint32_t sequence) { watch_.number_heartbeats_from(sequence); }

  static bool is_ours(const wire::MobilityMessage& message) {
    return std::holds_alternative<wire::Heartbeat>(message) ||
           std::holds_alternative<wire::BindingRevocationIndication>(message) ||
           std::holds_alternative<wire::BindingRevocationAcknowledgement>(message) ||
           std::holds_alternative<wire::UpdateNotification>(message);
  }
  /// From the LMA. False for a message that is none of ours.
  bool handle_message(Now now, const PacketMeta& meta, const wire::MobilityMessage& message);
  /// It does not know the type of something that we have sent.
  void handle_refusal(Now now) {
    if (!watch_.handle_refusal(now, bulk_.awaits_answer())) bulk_.handle_refusal(now);
  }
  void handle_timeout(Now now);
  /// After every input: nodes may have come, gone or been heard.
  void settle(Now now);
  std::optional<TimePoint> next_deadline() const;

  Result<Json> revoke_all(Now now) { return bulk_.begin(now); }
  Json show_peers() const { return watch_.show_peers(); }
  void add_statistics(Json& statistics) const;

 private:
  RevocationCounters counters_;
  AnchorWatch watch_;
  AnchorRevocations revocations_;
  BulkRevocation bulk_;
  AnchorNotifications notifications_;
};

}  // namespace flowmob::core
