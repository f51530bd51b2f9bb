// SPDX-License-Identifier: Apache-2.0
#include "daemon/mag/effects.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "daemon/host/records.h"

namespace flowmob::daemon {
namespace {

std::string key_of(SessionId attachment) { return fmt::format("attachment/{}", attachment.value); }

// What a line of the log calls an effect.
std::string name_of(const core::SendMessage& m) { return "message to " + m.destination.to_string(); }
std::string name_of(const core::SendIcmpv6&) { return "ICMPv6 errors"; }
std::string name_of(const core::SendPacket&) { return "packets"; }
std::string name_of(const core::SendNeighborDiscovery& m) {
  return "advertisement to " + m.link_destination.to_string();
}
std::string name_of(const core::SendFrame&) { return "frames of IPv4"; }
std::string name_of(const core::SendDhcpToServer& m) {
  return "request to DHCP server " + m.server.to_string();
}
std::string name_of(const core::Notify& n) { return n.event; }
std::string name_of(const core::EnsureTunnel& t) { return "tunnel to " + t.remote.to_string(); }
std::string name_of(const core::RemoveTunnel& t) { return "tunnel to " + t.remote.to_string(); }
std::string name_of(const core::InstallHost& h) { return "delivery to " + h.node.to_string(); }
std::string name_of(const core::RemoveHost& h) {
  return fmt::format("end of attachment {}", h.attachment.value);
}
std::string name_of(const core::PersistAttachment& a) { return "record of " + a.record.mn_id; }
std::string name_of(const core::ForgetAttachment& a) {
  return fmt::format("end of record {}", a.attachment.value);
}

}  // namespace

MagEffects::MagEffects(Host& host, MobilityPort& port, dataplane::MagDataplane& dataplane, NdPorts& accesses,
                       Ipv4Ports& ipv4, DhcpRelayPort* relay, platform::PacketSender& packets)
    : host_(host),
      port_(port),
      dataplane_(dataplane),
      accesses_(accesses),
      ipv4_(ipv4),
      relay_(relay),
      packets_(packets),
      failures_(FailureLog::to_log(spdlog::level::warn)) {}

Result<void> MagEffects::carry_out(const core::MagEffect& effect) {
  return std::visit(
      [this](const auto& action) {
        auto outcome = apply(action);
        failures_.note(name_of(action), outcome);
        return outcome;
      },
      effect.action);
}

Result<void> MagEffects::apply(const core::Notify& event) {
  host_.notify(event.event, event.fields);
  return {};
}

Result<void> MagEffects::apply(const core::SendNeighborDiscovery& message) {
  platform::NdFrame frame;
  frame.link_source = message.link_source;
  frame.link_destination = message.link_destination;
  frame.source = message.source;
  frame.destination = message.destination;
  frame.icmpv6 = message.icmpv6;
  return accesses_.send(message.interface, frame);
}

Result<void> MagEffects::apply(const core::SendDhcpToServer& message) {
  if (!relay_) return fail("no-relay", "no socket towards DHCP servers");
  return relay_->send(message.server, message.payload);
}

Result<void> MagEffects::apply(const core::InstallHost& host) {
  const dataplane::Host row{host.attachment, host.interface,  host.node,       host.router,
                            host.prefixes,   host.mag,        host.lma,        host.mtu,
                            host.ipv4,       host.tunnelling, host.is_watched, host.delegated};
  installed_.insert_or_assign(host.attachment, row);
  return dataplane_.install_host(row);
}

/// What was not installed since the start goes with the sweep.
Result<void> MagEffects::apply(const core::RemoveHost& host) {
  const auto found = installed_.find(host.attachment);
  if (found == installed_.end()) return {};
  auto removed = dataplane_.remove_host(found->second);
  if (removed) installed_.erase(found);
  return removed;
}

Result<void> MagEffects::apply(const core::PersistAttachment& attachment) {
  return store_record(host_.state(), key_of(attachment.record.id), attachment.record);
}

Result<void> MagEffects::apply(const core::ForgetAttachment& attachment) {
  return host_.state().remove(key_of(attachment.attachment));
}

}  // namespace flowmob::daemon
