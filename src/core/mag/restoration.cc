// SPDX-License-Identifier: Apache-2.0
#include "core/mag/restoration.h"

#include <algorithm>

namespace flowmob::core {
namespace {

/// The longest that a Lifetime field can say; a record that claims more met a clock that was set.
constexpr Duration kMaxLifetime = std::chrono::seconds(4) * 0xffff;

/// The records do not know what was sent after they were written. A late answer to that must not meet its
/// number again.
constexpr std::uint16_t kSequenceLeap = 4096;

std::string why_not(const MagContext& context, const AttachmentRecord& record, Now now) {
  if (!context.access(record.access)) return "access-gone";
  if (!context.profile(record.mn_id)) return "profile-gone";
  if (record.expires <= now.wall) return "expired";
  return {};
}

Attachment attachment_of(const MagContext& context, AttachmentRecord record, Now now) {
  Attachment attachment;
  attachment.id = record.id;
  attachment.mn_id = std::move(record.mn_id);
  attachment.access = std::move(record.access);
  attachment.link_layer = record.link_layer;
  attachment.node_link_local = record.node_link_local;
  attachment.router_link_local = context.config.router_link_local;
  attachment.services = std::move(record.services);
  attachment.services_registered = attachment.services.size();
  attachment.handoff_indicator = context.access(attachment.access)->handoff_indicator;
  attachment.state = AttachmentState::Registered;
  attachment.prefixes = std::move(record.prefixes);
  attachment.lifetime = std::min(record.expires - now.wall, kMaxLifetime);
  attachment.expires = now.monotonic + attachment.lifetime;
  attachment.persisted = true;
  return attachment;
}

}  // namespace

void restore_attachments(Now now, MagContext& context, NodeService& service, Registrar& registrar,
                         std::vector<AttachmentRecord> records) {
  std::vector<SessionId> restored;
  for (auto& record : records) {
    context.sequence = std::max(context.sequence, record.sequence);
    if (const auto why = why_not(context, record, now); !why.empty()) {
      context.notify("record-dropped", {{"mn", record.mn_id}, {"access", record.access}, {"why", why}});
      context.emit(ForgetAttachment{record.id});
      continue;
    }
    auto& attachment = context.bindings.restore(attachment_of(context, std::move(record), now));
    service.install(attachment);
    restored.push_back(attachment.id);
  }
  if (!records.empty()) context.sequence = static_cast<std::uint16_t>(context.sequence + kSequenceLeap);
  for (const auto id : restored) registrar.refresh(now, *context.bindings.find(id));
}

}  // namespace flowmob::core
