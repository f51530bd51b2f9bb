// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/mag/mobile_access_gateway.h"
#include "daemon/config/settings.h"
#include "daemon/host/capture_service.h"
#include "daemon/host/drop_monitor.h"
#include "daemon/host/host.h"
#include "daemon/host/link_watch.h"
#include "daemon/host/mobility_port.h"
#include "daemon/host/nd_ports.h"
#include "daemon/host/options.h"
#include "daemon/host/path_mtu.h"
#include "daemon/host/pump.h"
#include "daemon/host/returning_interfaces.h"
#include "daemon/host/traffic.h"
#include "daemon/host/tunnel_error_port.h"
#include "daemon/mag/access_interface.h"
#include "daemon/mag/dhcp_relay_port.h"
#include "daemon/mag/effects.h"
#include "daemon/mag/ipv4_ports.h"
#include "platform/dataplane/cut_queue.h"
#include "platform/dataplane/mag_dataplane.h"
#include "platform/dataplane/notice_queue.h"
#include "platform/netlink.h"
#include "platform/packet_sender.h"

namespace flowmob::daemon {

/// flowmob-magd: a MobileAccessGateway with all that it needs around it.
class MagDaemon {
 public:
  /// Everything that may fail before anything that is seen from outside. A data plane that a predecessor left
  /// goes on working, whatever becomes of us.
  static Result<std::unique_ptr<MagDaemon>> start(const Options& options);
  /// Until SIGTERM or SIGINT. The data plane stays.
  void run() { host_->run(); }

  /// Ends forwarding and forgets all attachments; refused while a daemon runs.
  static Result<void> teardown(const Options& options);

 private:
  MagDaemon(std::filesystem::path file, MagSettings settings)
      : file_(std::move(file)), settings_(std::move(settings)) {}
  Result<void> open();
  Result<void> open_relay();
  Result<void> bring_up();
  Result<void> prepare_interfaces();
  Result<void> take_over(std::vector<core::AttachmentRecord> records);
  Result<void> serve();
  Result<void> cut_packets();
  Result<void> observe_flows();
  Result<void> add_commands();
  Result<void> monitor_drops();
  Result<void> serve_captures();
  Result<CaptureService::Numbers> find_captured(const std::string& mn);
  Result<void> reload();

  void link_changed(const std::string& interface, const std::optional<platform::Link>& link);
  void access_changed(core::AccessConfig& access, const std::optional<platform::Link>& link);
  Result<void> access_returned(core::AccessConfig& access);
  Result<void> arm(core::AccessConfig& access);
  /// Local routing and visited prefixes: kernel's routes and data plane follow the settings.
  Result<void> apply_routing();
  /// With the tunnel's MTU as the path has it now.
  core::MagConfig effective(core::MagConfig config) const;
  void path_changed(std::optional<std::uint32_t> mtu);
  void handle_tunnel_error(const core::TunnelError& error);
  Result<void> open_ports(InterfaceIndex interface);
  void close_ports(InterfaceIndex interface);

  Result<core::Json> ask(std::string_view command, const core::Json& arguments);
  Result<core::Json> statistics(const core::Json& arguments);
  Result<core::Json> tunnels(const core::Json& arguments);
  Result<core::Json> links();
  std::optional<dataplane::Traffic> traffic_of(const core::Json& row) const;

  std::filesystem::path file_;
  MagSettings settings_;
  ReturningInterfaces transports_;
  std::optional<std::uint32_t> path_mtu_;  ///< to the LMA
  // In the order in which they need each other.
  std::unique_ptr<Host> host_;
  std::optional<platform::Netlink> netlink_;
  std::unique_ptr<MobilityPort> port_;
  std::unique_ptr<TunnelErrorPort> tunnel_errors_;
  std::optional<platform::PacketSender> packets_;
  std::unique_ptr<NdPorts> accesses_;
  std::unique_ptr<Ipv4Ports> ipv4_;
  std::unique_ptr<DhcpRelayPort> relay_;  ///< null: no DHCP servers are configured
  std::unique_ptr<LinkWatch> access_watch_;
  std::unique_ptr<LinkWatch> transport_watch_;
  std::unique_ptr<dataplane::MagDataplane> dataplane_;
  std::unique_ptr<core::MobileAccessGateway> gateway_;
  std::unique_ptr<MagEffects> effects_;
  std::unique_ptr<Pump<core::MobileAccessGateway, core::MagEffect>> pump_;
  std::unique_ptr<PathMtuWatch> path_watch_;
  std::unique_ptr<dataplane::RingQueue> to_cut_;
  std::unique_ptr<dataplane::RingQueue> notices_;
  platform::FdWatch cut_watch_, notice_watch_;
  std::unique_ptr<DropMonitor> drops_;
  std::unique_ptr<CaptureService> captures_;
};

}  // namespace flowmob::daemon
