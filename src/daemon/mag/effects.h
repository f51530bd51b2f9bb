// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "core/mag/effect.h"
#include "daemon/host/failure_log.h"
#include "daemon/host/host.h"
#include "daemon/host/mobility_port.h"
#include "daemon/host/nd_ports.h"
#include "daemon/mag/dhcp_relay_port.h"
#include "daemon/mag/ipv4_ports.h"
#include "platform/dataplane/mag_dataplane.h"
#include "platform/packet_sender.h"

namespace flowmob::daemon {

/// Carries out what the gateway's core asks for. Every effect is idempotent; a failure is logged once and
/// given back.
class MagEffects {
 public:
  MagEffects(Host& host, MobilityPort& port, dataplane::MagDataplane& dataplane, NdPorts& accesses,
             Ipv4Ports& ipv4, DhcpRelayPort* relay, platform::PacketSender& packets);
  Result<void> carry_out(const core::MagEffect& effect);

 private:
  Result<void> apply(const core::SendMessage& message) { return port_.send(message); }
  Result<void> apply(const core::SendIcmpv6& error) { return port_.send(error); }
  Result<void> apply(const core::SendPacket& send) { return packets_.send(send.packet); }
  Result<void> apply(const core::SendNeighborDiscovery& message);
  Result<void> apply(const core::SendFrame& frame) { return ipv4_.send(frame.interface, frame.frame); }
  Result<void> apply(const core::SendDhcpToServer& message);
  Result<void> apply(const core::Notify& event);
  /// A gateway's tunnels are in the rows of its hosts.
  Result<void> apply(const core::EnsureTunnel&) { return {}; }
  Result<void> apply(const core::RemoveTunnel&) { return {}; }
  Result<void> apply(const core::InstallHost& host);
  Result<void> apply(const core::RemoveHost& host);
  Result<void> apply(const core::PersistAttachment& attachment);
  Result<void> apply(const core::ForgetAttachment& attachment);

  Host& host_;
  MobilityPort& port_;
  dataplane::MagDataplane& dataplane_;
  NdPorts& accesses_;
  Ipv4Ports& ipv4_;
  DhcpRelayPort* relay_;  ///< null: this gateway is none
  platform::PacketSender& packets_;
  std::map<SessionId, dataplane::Host> installed_;
  FailureLog failures_;
};

}  // namespace flowmob::daemon
