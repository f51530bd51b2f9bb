// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/lma/local_mobility_anchor.h"
#include "core/rate_limiter.h"
#include "daemon/config/settings.h"
#include "daemon/host/capture_service.h"
#include "daemon/host/drop_monitor.h"
#include "daemon/host/host.h"
#include "daemon/host/link_watch.h"
#include "daemon/host/mobility_port.h"
#include "daemon/host/options.h"
#include "daemon/host/pump.h"
#include "daemon/host/returning_interfaces.h"
#include "daemon/host/traffic.h"
#include "daemon/host/tunnel_error_port.h"
#include "daemon/lma/effects.h"
#include "daemon/lma/held_packets.h"
#include "daemon/lma/home_networks.h"
#include "daemon/lma/load_meter.h"
#include "platform/dataplane/lma_dataplane.h"
#include "platform/echo_socket.h"
#include "platform/netlink.h"
#include "platform/packet_sender.h"

namespace flowmob::daemon {

/// flowmob-lmad: a LocalMobilityAnchor with all that it needs around it.
class LmaDaemon {
 public:
  /// Everything that may fail before anything that is seen from outside. A data plane that a predecessor left
  /// goes on working, whatever becomes of us.
  static Result<std::unique_ptr<LmaDaemon>> start(const Options& options);
  /// Until SIGTERM or SIGINT. The data plane stays.
  void run() { host_->run(); }

  /// Ends forwarding and forgets all bindings; refused while a daemon runs.
  static Result<void> teardown(const Options& options);

 private:
  LmaDaemon(std::filesystem::path file, LmaSettings settings)
      : file_(std::move(file)), settings_(std::move(settings)) {}
  Result<void> open();
  Result<void> bring_up();
  Result<void> take_over(const std::vector<core::NodeRecord>& records);
  Result<void> serve();
  void open_hold();
  Result<void> listen_to_echoes();
  Result<void> add_commands();
  Result<void> monitor_drops();
  Result<void> serve_captures();
  Result<CaptureService::Numbers> find_captured(const std::string& mn);
  core::Json describe_captured(const dataplane::CapturedPacket& packet) const;
  Result<void> add_policy_commands();
  Result<void> reload();
  std::vector<InterfaceIndex> correspondent_interfaces();
  void link_changed(const std::string& interface, const std::optional<platform::Link>& link);
  void prepare_again(const std::string& interface);
  void follow_routes();
  void handle_tunnel_error(const core::TunnelError& error);
  void note_routes(const Result<void>& outcome);
  void measure_load();
  void tell_what_was_seen();

  Result<core::Json> ask(std::string_view command, const core::Json& arguments);
  void change_flow(std::string_view command, const core::Json& arguments,
                   platform::ControlServer::Reply reply);
  void answer_changes();
  Result<core::Json> diff_policies(const core::Json& arguments);
  Result<core::Json> apply_policies(const core::Json& arguments);
  Result<core::Json> reload_policies();
  Result<core::Json> handovers(const core::Json& arguments);
  Result<core::Json> statistics(const core::Json& arguments);
  Result<core::Json> tunnels(const core::Json& arguments);
  Result<core::Json> links();
  std::optional<dataplane::Traffic> traffic_of(const core::Json& row) const;

  std::filesystem::path file_;
  LmaSettings settings_;
  ReturningInterfaces interfaces_;
  std::uint64_t last_command_ = 0;
  std::map<core::CommandId, platform::ControlServer::Reply> changes_;  ///< that have yet to be answered
  // In the order in which they need each other.
  std::unique_ptr<Host> host_;
  std::optional<platform::Netlink> netlink_;
  std::unique_ptr<MobilityPort> port_;
  std::unique_ptr<TunnelErrorPort> tunnel_errors_;
  std::optional<platform::PacketSender> packets_;
  std::optional<platform::EchoSocket> echoes_;
  std::unique_ptr<LinkWatch> watch_;
  std::unique_ptr<dataplane::LmaDataplane> dataplane_;
  std::unique_ptr<HeldPackets> held_;
  platform::FdWatch echo_watch_;
  std::unique_ptr<HomeNetworks> routes_;
  std::optional<platform::DeadlineTimer> routes_timer_, load_timer_;
  LoadMeter load_;
  std::unique_ptr<core::LocalMobilityAnchor> anchor_;
  std::unique_ptr<LmaEffects> effects_;
  bool routes_fail_ = false;
  std::unique_ptr<Pump<core::LocalMobilityAnchor, core::LmaEffect>> pump_;
  std::unique_ptr<DropMonitor> drops_;
  std::map<FlowIndex, std::string> captured_flows_;  ///< their names, as they were a moment ago
  std::map<SessionId, core::Json> captured_sessions_;
  std::unique_ptr<CaptureService> captures_;
};

}  // namespace flowmob::daemon
