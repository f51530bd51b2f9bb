// SPDX-License-Identifier: Apache-2.0
#include "core/peer/notification_sender.h"

namespace flowmob::core {

NotificationSender::Sent NotificationSender::begin(TimePoint now, const NotificationConfig& config,
                                                   const Ipv6Address& peer,
                                                   wire::UpdateNotification notification) {
  last_ = next_behind(last_);
  notification.sequence = last_;
  notification.acknowledge = true;
  notification.retransmit = false;
  const auto& own = own_address_.towards(peer);
  SendMessage first{own, peer, wire::encode(notification, own, peer)};
  notification.retransmit = true;
  add(now, last_, {config.delay, config.delay, config.max_retransmissions},
      {own, peer, wire::encode(notification, own, peer)});
  return {last_, std::move(first)};
}

}  // namespace flowmob::core
