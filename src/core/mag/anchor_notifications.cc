// SPDX-License-Identifier: Apache-2.0
#include "core/mag/anchor_notifications.h"

#include <algorithm>

#include "core/mag/acknowledgement.h"

namespace flowmob::core {
namespace {

using Reason = wire::NotificationReason;

/// RFC 7077 section 6.2: the node or the group comes back.
wire::MobilityOptions who(const wire::UpdateNotification& notification) {
  wire::MobilityOptions options;
  if (const auto* node = wire::find<wire::MobileNodeIdentifier>(notification.options))
    options.push_back(*node);
  else if (const auto* group = wire::find<wire::MobileNodeGroupIdentifier>(notification.options))
    options.push_back(*group);
  return options;
}

bool is_named(const Attachment& attachment, const wire::UpdateNotification& notification) {
  const auto octet = [](auto value) { return static_cast<std::uint8_t>(value); };
  const auto* node = wire::find<wire::MobileNodeIdentifier>(notification.options);
  if (!node) return true;  // its group is
  if (node->subtype != wire::MobileNodeIdentifier::kNai ||
      !std::ranges::equal(node->identifier, attachment.mn_id, {}, {}, octet))
    return false;
  const auto* link_layer = wire::find<wire::MnLinkLayerIdentifier>(notification.options);
  if (link_layer && !std::ranges::equal(link_layer->identifier, attachment.link_layer.octets)) return false;
  const auto* technology = wire::find<wire::AccessTechnologyTypeOption>(notification.options);
  return !technology || technology->type == attachment.technology;
}

/// Without a node, the group of all sessions is the only one that there is (RFC 7077 section 5).
bool names_somebody(const wire::UpdateNotification& notification) {
  if (wire::find<wire::MobileNodeIdentifier>(notification.options)) return true;
  const auto* group = wire::find<wire::MobileNodeGroupIdentifier>(notification.options);
  return group && group->identifier == wire::MobileNodeGroupIdentifier::kAllSessions;
}

}  // namespace

/// Section 6.1: what comes again is no new request. Without D the network has doubled it; with D the LMA has
/// not seen what it asked for, and it is done again.
void AnchorNotifications::handle(Now now, const PacketMeta& meta, wire::UpdateNotification notification) {
  const auto* known = memory_.find(now.monotonic, notification);
  const bool is_under_way = known && std::ranges::any_of(waiting_, [&](const Waiting& one) {
                              return one.received.notification.sequence == notification.sequence;
                            });
  if (known) ++counters_.repeated;
  if (is_under_way) return;
  if (known && !notification.retransmit) {
    if (known->answer) context_.emit(SendMessage(*known->answer));
    return;
  }
  if (!known) ++counters_.received;
  if (!known) memory_.note(now.monotonic, notification);
  act(now, {meta, std::move(notification)});
}

void AnchorNotifications::act(Now now, Received received) {
  const auto& notification = received.notification;
  switch (notification.reason) {
    case Reason::FlowMobility:
      return initiate(now, std::move(received));
    case Reason::ForceReregistration:
    case Reason::AniParametersRequested:  // every registration says what is known of the access network
      return answer(received, register_again(now, notification));
    case Reason::UpdateSessionParameters:  // none that we know is changed in this way
      return answer(received, Status::FailedToUpdateSessionParameters);
    case Reason::VendorSpecific:
      return answer(received, vendor(notification));
    default:
      return answer(received, Status::ReasonUnspecified);
  }
}

std::vector<SessionId> AnchorNotifications::meant_by(const wire::UpdateNotification& notification) const {
  std::vector<SessionId> ids;
  if (!names_somebody(notification)) return ids;
  for (const auto& [id, attachment] : context_.bindings.entries())
    if (attachment.state == AttachmentState::Registered && is_named(attachment, notification))
      ids.push_back(id);
  return ids;
}

AnchorNotifications::Status AnchorNotifications::register_again(
    Now now, const wire::UpdateNotification& notification) {
  const auto ids = meant_by(notification);
  for (const auto id : ids) registrar_.register_by_request(now, *context_.bindings.find(id));
  return ids.empty() ? Status::MobileNodeNotAttached : Status::Success;
}

/// RFC 5094 section 3: a vendor that nobody here knows is passed over. Who monitors may know it.
AnchorNotifications::Status AnchorNotifications::vendor(const wire::UpdateNotification& notification) {
  const auto all = wire::find_all<wire::VendorSpecific>(notification.options);
  for (const auto& option : all)
    context_.notify(
        "vendor-notification",
        Json{{"vendor_id", option.vendor_id}, {"subtype", option.subtype}, {"data", to_hex(option.data)}});
  return all.empty() ? Status::MissingVendorSpecificOption : Status::ReasonUnspecified;
}

/// RFC 7864 section 4.2. Of several interfaces of the node one has to be named; prefixes are off-link, or the
/// message contradicts itself; what another attachment has on its link cannot be had.
AnchorNotifications::Status AnchorNotifications::judge(
    const Attachment& attachment, const wire::UpdateNotification& notification,
    const std::optional<std::vector<Ipv6Prefix>>& prefixes) const {
  const auto named = wire::find_all<wire::HomeNetworkPrefixOption>(notification.options);
  const bool is_whole = prefixes && !prefixes->empty() &&
                        std::ranges::all_of(named, [](const auto& option) { return option.off_link; });
  if (!is_whole || prefixes->size() + attachment.prefixes.size() > kMostPrefixes)
    return Status::ReasonUnspecified;
  const bool is_taken = std::ranges::any_of(*prefixes, [&](const auto& prefix) {
    return std::ranges::count(attachment.prefixes, prefix) != 0 ||
           service_.is_on_other_link(attachment, prefix);
  });
  return is_taken ? Status::ReasonUnspecified : Status::Success;
}

void AnchorNotifications::initiate(Now now, Received received) {
  const auto& notification = received.notification;
  if (!wire::find<wire::MobileNodeIdentifier>(notification.options))
    return answer(received, Status::ReasonUnspecified);
  const auto ids = meant_by(notification);
  if (ids.size() != 1)
    return answer(received, ids.empty() ? Status::MobileNodeNotAttached : Status::ReasonUnspecified);
  auto& attachment = *context_.bindings.find(ids[0]);
  auto prefixes = off_link_prefixes(notification.options);
  if (const auto status = judge(attachment, notification, prefixes); status != Status::Success)
    return answer(received, status);
  attachment.off_link_said = now.monotonic;
  registrar_.forward_off_link(attachment, *prefixes);
  std::erase_if(waiting_, [&](const Waiting& one) { return one.attachment == ids[0]; });  // the newest counts
  waiting_.push_back({std::move(received), ids[0], std::move(*prefixes)});
  settle();
}

void AnchorNotifications::settle() {
  for (std::size_t i = 0; i < waiting_.size();) {
    const auto* attachment = context_.bindings.find(waiting_[i].attachment);
    const bool is_attached = attachment && attachment->state == AttachmentState::Registered;
    if (is_attached && attachment->pending_install) {
      ++i;
      continue;
    }
    const Waiting done = std::move(waiting_[i]);
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    const bool has_it = is_attached && attachment->off_link == done.prefixes;
    answer(done.received, has_it        ? Status::Success
                          : is_attached ? Status::ReasonUnspecified
                                        : Status::MobileNodeNotAttached);
  }
}

/// Section 6.2: from where it went, to where it came from. What is refused is told here, too: without A
/// nobody else hears of it.
void AnchorNotifications::answer(const Received& received, Status status) {
  const auto& [meta, notification] = received;
  ++counters_.answered[status];
  context_.notify("notification-received", Json{{"reason", wire::to_string(notification.reason)},
                                                {"status", wire::to_string(status)}});
  if (!notification.acknowledge) return;
  wire::UpdateNotificationAcknowledgement message{notification.sequence, status, who(notification)};
  if (status == Status::Success && notification.reason == Reason::FlowMobility)
    for (const auto& option : wire::find_all<wire::HomeNetworkPrefixOption>(notification.options))
      message.options.push_back(option);
  SendMessage out{meta.destination, meta.source, wire::encode(message, meta.destination, meta.source),
                  meta.source_port};
  memory_.answered(notification, out);
  context_.emit(std::move(out));
}

}  // namespace flowmob::core
