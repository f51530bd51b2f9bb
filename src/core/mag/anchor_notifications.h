// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "core/mag/registrar.h"
#include "core/peer/notification_counters.h"
#include "core/peer/notification_memory.h"

namespace flowmob::core {

/// Update Notifications of the LMA (RFC 7077 section 6), above all the Flow Mobility Initiate (RFC 7864
/// section 4.2): its answer waits until the node's row holds what is promised.
class AnchorNotifications {
 public:
  AnchorNotifications(MagContext& context, NodeService& service, Registrar& registrar)
      : context_(context), service_(service), registrar_(registrar) {}

  void handle(Now now, const PacketMeta& meta, wire::UpdateNotification notification);
  /// After every input: rows may stand by now.
  void settle();
  Json statistics() const { return counters_.to_json(); }

 private:
  using Status = wire::NotificationStatus;
  struct Received {
    PacketMeta meta;
    wire::UpdateNotification notification;
  };
  /// A Flow Mobility Initiate whose row has been asked for.
  struct Waiting {
    Received received;
    SessionId attachment;
    std::vector<Ipv6Prefix> prefixes;
  };

  void act(Now now, Received received);
  void initiate(Now now, Received received);
  Status judge(const Attachment& attachment, const wire::UpdateNotification& notification,
               const std::optional<std::vector<Ipv6Prefix>>& prefixes) const;
  Status register_again(Now now, const wire::UpdateNotification& notification);
  Status vendor(const wire::UpdateNotification& notification);
  std::vector<SessionId> meant_by(const wire::UpdateNotification& notification) const;
  void answer(const Received& received, Status status);

  MagContext& context_;
  NodeService& service_;
  Registrar& registrar_;
  NotificationMemory memory_;
  NotificationCounters counters_;
  std::vector<Waiting> waiting_;
};

}  // namespace flowmob::core
