// SPDX-License-Identifier: Apache-2.0
#include "core/mag/mobile_access_gateway.h"

#include <algorithm>

#include "core/mag/attachment_detector.h"
#include "core/mag/mag_commands.h"
#include "core/mag/message_handler.h"
#include "core/mag/reconfiguration.h"
#include "core/mag/restoration.h"

namespace flowmob::core {

class MobileAccessGateway::Impl {
 public:
  explicit Impl(MagConfig config) { context.config = std::move(config); }

  MagContext context;
  NodeService service{context};
  Registrar registrar{context, service};
  AttachmentDetector detector{context, service, registrar};
  MessageHandler messages{context, registrar};
  MagCommands commands{context, detector};
};

MobileAccessGateway::MobileAccessGateway(MagConfig config)
    : impl_(std::make_unique<Impl>(std::move(config))) {}
MobileAccessGateway::~MobileAccessGateway() = default;

const MagConfig& MobileAccessGateway::config() const { return impl_->context.config; }

void MobileAccessGateway::restore(Now now, std::vector<AttachmentRecord> records) {
  restore_attachments(now, impl_->context, impl_->service, impl_->registrar, std::move(records));
}

void MobileAccessGateway::handle_message(Now now, const PacketMeta& meta, ByteView mobility_header) {
  impl_->messages.handle(now, meta, mobility_header);
}

void MobileAccessGateway::handle_neighbor_discovery(Now now, const PacketMeta& meta, ByteView icmpv6) {
  impl_->detector.handle_neighbor_discovery(now, meta, icmpv6);
}

void MobileAccessGateway::handle_link(Now now, InterfaceIndex interface, bool up) {
  if (const auto* access = impl_->context.access(interface)) impl_->detector.handle_link(now, *access, up);
}

Result<Json> MobileAccessGateway::handle_command(Now now, std::string_view command, const Json& arguments) {
  return impl_->commands.handle(now, command, arguments);
}

void MobileAccessGateway::handle_effect_result(Now now, EffectId id, const Result<void>& outcome) {
  impl_->registrar.handle_install_result(now, id, outcome);
}

void MobileAccessGateway::handle_timeout(Now now) {
  impl_->detector.handle_timeout(now);
  for (const auto id : impl_->context.bindings.due(now.monotonic))
    if (auto* attachment = impl_->context.bindings.find(id)) impl_->registrar.handle_due(now, *attachment);
}

Result<void> MobileAccessGateway::reconfigure(Now now, MagConfig config) {
  return adopt_configuration(now, impl_->context, impl_->registrar, std::move(config));
}

std::optional<TimePoint> MobileAccessGateway::poll_timeout() const {
  const auto bindings = impl_->context.bindings.next_deadline();
  const auto attachments = impl_->detector.next_deadline();
  return bindings && attachments ? std::min(*bindings, *attachments) : bindings ? bindings : attachments;
}

std::optional<MagEffect> MobileAccessGateway::poll_effect() {
  auto& effects = impl_->context.effects;
  if (effects.empty()) return std::nullopt;
  MagEffect effect = std::move(effects.front());
  effects.pop_front();
  return effect;
}

}  // namespace flowmob::core
