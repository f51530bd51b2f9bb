// SPDX-License-Identifier: Apache-2.0
#include "core/mag/mobile_access_gateway.h"

#include <algorithm>

#include "core/mag/attachment_detector.h"
#include "core/mag/flow_observer.h"
#include "core/mag/ipv4_access.h"
#include "core/mag/mag_commands.h"
#include "core/mag/message_handler.h"
#include "core/mag/packet_cutter.h"
#include "core/mag/prefix_delegation.h"
#include "core/mag/reconfiguration.h"
#include "core/mag/restoration.h"
#include "core/mag/tunnel_errors.h"

namespace flowmob::core {

namespace {

/// The parts read it as soon as they are made.
MagContext context_of(MagConfig config) {
  MagContext context;
  context.configure(std::move(config));
  return context;
}

}  // namespace

class MobileAccessGateway::Impl {
 public:
  explicit Impl(MagConfig config) : context(context_of(std::move(config))) {}

  MagContext context;
  NodeService service{context};
  Registrar registrar{context, service};
  PathRegistrar paths{context, registrar};
  AttachmentDetector detector{context, service, registrar};
  AnchorPeer anchor{context, service, registrar, detector};
  Ipv4Access ipv4{context, registrar};
  PrefixDelegation delegation{context, registrar};
  PacketCutter cutter{context};
  FlowObserver flows{context, registrar};
  MagTunnelErrors tunnel_errors{context};
  MessageHandler messages{context, registrar, paths, anchor};
  MagCommands commands{context, registrar, detector, anchor, paths};

  void settle(Now now) {
    anchor.settle(now);
    paths.settle(now);
  }
};

MobileAccessGateway::MobileAccessGateway(MagConfig config)
    : impl_(std::make_unique<Impl>(std::move(config))) {}
MobileAccessGateway::~MobileAccessGateway() = default;

const MagConfig& MobileAccessGateway::config() const { return impl_->context.config; }

void MobileAccessGateway::restore(Now now, std::vector<AttachmentRecord> records) {
  restore_attachments(now, impl_->context, impl_->service, impl_->registrar, std::move(records));
  impl_->settle(now);
}

void MobileAccessGateway::set_restart_counter(std::uint32_t counter, bool lost_state) {
  impl_->anchor.set_restart_counter(counter, lost_state);
}

void MobileAccessGateway::number_heartbeats_from(std::uint32_t sequence) {
  impl_->anchor.number_heartbeats_from(sequence);
}

void MobileAccessGateway::handle_message(Now now, const PacketMeta& meta, ByteView mobility_header) {
  impl_->messages.handle(now, meta, mobility_header);
  impl_->settle(now);
}

void MobileAccessGateway::handle_neighbor_discovery(Now now, const PacketMeta& meta, ByteView icmpv6) {
  impl_->detector.handle_neighbor_discovery(now, meta, icmpv6);
  impl_->settle(now);
}

void MobileAccessGateway::handle_frame(Now now, InterfaceIndex interface, ByteView frame) {
  if (dhcp6::is_ipv6(frame))
    impl_->delegation.handle_frame(now, interface, frame);
  else
    impl_->ipv4.handle_frame(now, interface, frame);
}

void MobileAccessGateway::handle_dhcp_server(Now, const Ipv4Address& server, ByteView payload) {
  impl_->ipv4.handle_server(server, payload);
}

void MobileAccessGateway::handle_too_big(Now, SessionId attachment, std::size_t mtu, ByteView packet) {
  impl_->cutter.handle(attachment, mtu, packet);
}

void MobileAccessGateway::handle_flow_sighting(Now now, const FlowSighting& sighting) {
  impl_->flows.handle(now, sighting);
  impl_->settle(now);
}

void MobileAccessGateway::handle_tunnel_error(Now now, const TunnelError& error) {
  impl_->tunnel_errors.handle(now, error);
}

void MobileAccessGateway::handle_link(Now now, InterfaceIndex interface, bool up) {
  if (const auto* access = impl_->context.access(interface)) impl_->detector.handle_link(now, *access, up);
  impl_->settle(now);
}

Result<Json> MobileAccessGateway::handle_command(Now now, std::string_view command, const Json& arguments) {
  auto answer = impl_->commands.handle(now, command, arguments);
  if (answer && command == "show statistics") (*answer)["tunnel_errors"] = impl_->tunnel_errors.statistics();
  impl_->settle(now);
  return answer;
}

void MobileAccessGateway::handle_effect_result(Now now, EffectId id, const Result<void>& outcome) {
  impl_->registrar.handle_install_result(now, id, outcome);
  impl_->settle(now);
}

void MobileAccessGateway::handle_timeout(Now now) {
  impl_->detector.handle_timeout(now);
  auto& bindings = impl_->context.bindings;
  for (const auto id : bindings.due(now.monotonic)) {
    if (auto* attachment = bindings.find(id)) impl_->registrar.handle_due(now, *attachment);
    if (auto* attachment = bindings.find(id)) impl_->detector.handle_due(now, *attachment);
    if (auto* attachment = bindings.find(id)) impl_->flows.handle_due(now, *attachment);
  }
  impl_->paths.handle_timeout(now);
  impl_->anchor.handle_timeout(now);
  impl_->settle(now);
}

Result<void> MobileAccessGateway::reconfigure(Now now, MagConfig config) {
  const MagConfig former = impl_->context.config;
  auto adopted = adopt_configuration(now, impl_->context, impl_->registrar, std::move(config));
  impl_->service.visitors().reconfigured(former);
  impl_->anchor.reconfigure(now);
  impl_->messages.reconfigured();
  return adopted;
}

std::optional<TimePoint> MobileAccessGateway::poll_timeout() const {
  std::optional<TimePoint> next;
  for (const auto& one : {impl_->context.bindings.next_deadline(), impl_->detector.next_deadline(),
                          impl_->anchor.next_deadline(), impl_->paths.next_deadline()})
    if (one && (!next || *one < *next)) next = one;
  return next;
}

std::optional<MagEffect> MobileAccessGateway::poll_effect() {
  auto& effects = impl_->context.effects;
  if (effects.empty()) return std::nullopt;
  MagEffect effect = std::move(effects.front());
  effects.pop_front();
  return effect;
}

}  // namespace flowmob::core
