// SPDX-License-Identifier: Apache-2.0
#include "daemon/mag/daemon.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>

#include "base/ipv4.h"
#include "daemon/config/load.h"
#include "daemon/host/forwarding.h"
#include "daemon/host/main.h"
#include "daemon/host/protection.h"
#include "daemon/host/records.h"
#include "daemon/host/restart_counter.h"
#include "platform/clock.h"

namespace flowmob::daemon {
namespace {

/// How often the carrier of the access links is looked at: its loss costs every flow on the link this long.
constexpr auto kCarrierPoll = std::chrono::milliseconds(2);

std::vector<std::string> access_interfaces(const MagSettings& settings) {
  std::vector<std::string> names;
  for (const auto& access : settings.core.accesses) names.push_back(access.interface);
  return names;
}

std::vector<std::string> all_interfaces(const MagSettings& settings) {
  auto all = access_interfaces(settings);
  all.insert(all.end(), settings.transport_interfaces.begin(), settings.transport_interfaces.end());
  return all;
}

dataplane::MagDataplaneOptions dataplane_options(const MagSettings& settings) {
  dataplane::MagDataplaneOptions options;
  options.bpf_dir = settings.paths.bpf;
  options.transport_interfaces = settings.transport_interfaces;
  options.access_interfaces = access_interfaces(settings);
  options.local = settings.core.address;
  options.care_of = settings.core.addresses();
  options.local_routing = settings.core.local_routing;
  options.watches_flows = settings.core.observes_flows();
  return options;
}

}  // namespace

Result<std::unique_ptr<MagDaemon>> MagDaemon::start(const Options& options) {
  auto settings = config::load_mag(options.config, on_this_machine());
  if (!settings) return tl::unexpected(config::to_error(settings.error()));
  std::unique_ptr<MagDaemon> daemon(new MagDaemon(options.config, std::move(*settings)));
  const bool first = !std::filesystem::exists(daemon->settings_.paths.bpf);
  auto opened = daemon->open();
  if (!opened) return tl::unexpected(opened.error());
  auto up = daemon->bring_up();
  if (up) return daemon;
  if (first) (void)dataplane::MagDataplane::teardown(dataplane_options(daemon->settings_));
  return tl::unexpected(up.error());
}

Result<void> MagDaemon::open() {
  if (auto done = check_protection(settings_.core.addresses(), settings_.protected_peers); !done) return done;
  auto host = Host::create(platform::DaemonRole::Mag, {settings_.paths.control, settings_.paths.state});
  if (!host) return tl::unexpected(host.error());
  host_ = std::move(*host);
  auto netlink = platform::Netlink::open();
  if (!netlink) return tl::unexpected(netlink.error());
  netlink_.emplace(std::move(*netlink));
  auto port = MobilityPort::open(host_->loop(), settings_.core.addresses());
  if (!port) return tl::unexpected(port.error());
  port_ = std::move(*port);
  if (auto done = open_relay(); !done) return done;
  auto tunnel_errors = TunnelErrorPort::open(host_->loop(), settings_.core.addresses());
  if (!tunnel_errors) return tl::unexpected(tunnel_errors.error());
  tunnel_errors_ = std::move(*tunnel_errors);
  auto packets = platform::PacketSender::open();
  if (!packets) return tl::unexpected(packets.error());
  packets_.emplace(std::move(*packets));
  auto watch = LinkWatch::open(host_->loop(), {access_interfaces(settings_), kCarrierPoll});
  if (!watch) return tl::unexpected(watch.error());
  access_watch_ = std::move(*watch);
  watch = LinkWatch::open(host_->loop(), {settings_.transport_interfaces, {}});
  if (!watch) return tl::unexpected(watch.error());
  transport_watch_ = std::move(*watch);
  return {};
}

Result<void> MagDaemon::open_relay() {
  if (settings_.core.dhcp_servers.empty()) return {};
  auto relay = DhcpRelayPort::open(
      host_->loop(), settings_.core.dhcp_relay_address, [this](const Ipv4Address& server, ByteView payload) {
        pump_->feed([&](Now now) { gateway_->handle_dhcp_server(now, server, payload); });
      });
  if (!relay) return tl::unexpected(relay.error());
  relay_ = std::move(*relay);
  return {};
}

Result<void> MagDaemon::bring_up() {
  auto records = load_records<core::AttachmentRecord>(host_->state());
  if (!records) return tl::unexpected(records.error());
  auto dataplane = dataplane::MagDataplane::open(dataplane_options(settings_));
  if (!dataplane) return tl::unexpected(dataplane.error());
  dataplane_ = std::move(*dataplane);
  return ensure_forwarding(all_interfaces(settings_), is_mapped(settings_.core.address))
      .and_then([&] { return prepare_interfaces(); })
      .and_then([&] { return take_over(std::move(*records)); })
      .and_then([&] { return serve(); });
}

Result<void> MagDaemon::prepare_interfaces() {
  accesses_ = std::make_unique<NdPorts>(host_->loop(), [this](const core::PacketMeta& meta, ByteView icmpv6) {
    pump_->feed([&](Now now) { gateway_->handle_neighbor_discovery(now, meta, icmpv6); });
  });
  ipv4_ = std::make_unique<Ipv4Ports>(host_->loop(), [this](InterfaceIndex interface, ByteView frame) {
    pump_->feed([&](Now now) { gateway_->handle_frame(now, interface, frame); });
  });
  for (core::AccessConfig& access : settings_.core.accesses) {
    auto done =
        prepare_access(*netlink_, access, settings_.core).and_then([&] { return open_ports(access.index); });
    if (!done) return done;
  }
  return apply_routing();
}

Result<void> MagDaemon::apply_routing() {
  std::map<Ipv6Prefix, InterfaceIndex> visited;
  for (const auto& access : settings_.core.accesses)
    if (access.visited_prefix && access.index) visited.emplace(*access.visited_prefix, access.index);
  return dataplane_->set_local_routing(settings_.core.local_routing)
      .and_then([&] { return dataplane_->set_watches_flows(settings_.core.observes_flows()); })
      .and_then([&] { return dataplane_->set_visited(visited); })
      .and_then([&] { return route_visited(*netlink_, settings_.core.accesses); });
}

Result<void> MagDaemon::take_over(std::vector<core::AttachmentRecord> records) {
  const std::size_t known = records.size();
  gateway_ = std::make_unique<core::MobileAccessGateway>(settings_.core);
  effects_ =
      std::make_unique<MagEffects>(*host_, *port_, *dataplane_, *accesses_, *ipv4_, relay_.get(), *packets_);
  pump_ = std::make_unique<Pump<core::MobileAccessGateway, core::MagEffect>>(
      host_->loop(), *gateway_,
      [this](const core::MagEffect& effect) { return effects_->carry_out(effect); });
  const auto life = begin_life(host_->state(), settings_.paths.state, platform::SystemClock::now().wall);
  if (!life) return tl::unexpected(life.error());
  pump_->feed([&](Now now) { gateway_->restore(now, std::move(records)); });
  gateway_->number_heartbeats_from(std::random_device{}());
  pump_->feed([&](Now) { gateway_->set_restart_counter(life->value, life->lost_state); });
  const auto swept = dataplane_->sweep();
  if (!swept) return tl::unexpected(swept.error());
  spdlog::info("{} attachments from {}; {} stale rows removed", known, settings_.paths.state.string(),
               *swept);
  return {};
}

Result<void> MagDaemon::serve() {
  auto listening = port_->listen([this](const core::PacketMeta& meta, ByteView message) {
    pump_->feed([&](Now now) { gateway_->handle_message(now, meta, message); });
  });
  const auto on_link = [this](const std::string& interface, const std::optional<platform::Link>& link) {
    link_changed(interface, link);
  };
  path_watch_ = std::make_unique<PathMtuWatch>(host_->loop(), *netlink_, settings_.core.address,
                                               settings_.core.lma, [this](auto mtu) { path_changed(mtu); });
  return listening.and_then([&] { return transport_watch_->start(on_link); })
      .and_then([&] { return access_watch_->start(on_link); })
      .and_then([&] {
        return tunnel_errors_->listen([this](const core::TunnelError& error) { handle_tunnel_error(error); });
      })
      .and_then([&] { return cut_packets(); })
      .and_then([&] { return observe_flows(); })
      .and_then([&] { return add_commands(); })
      .map([&] {
        path_watch_->start();
        spdlog::info("gateway {} at {} is ready", settings_.core.name, settings_.core.address.to_string());
      });
}

Result<void> MagDaemon::cut_packets() {
  auto queue = dataplane::open_cut_queue(
      dataplane_->object(), [this](SessionId attachment, std::size_t mtu, ByteView packet) {
        pump_->feed([&](Now now) { gateway_->handle_too_big(now, attachment, mtu, packet); });
      });
  if (!queue) return tl::unexpected(queue.error());
  to_cut_ = std::move(*queue);
  auto watch = host_->loop().watch(to_cut_->fd(), [this] { to_cut_->take(); });
  if (!watch) return tl::unexpected(watch.error());
  cut_watch_ = std::move(*watch);
  return {};
}

Result<void> MagDaemon::observe_flows() {
  auto queue = dataplane::open_notice_queue(dataplane_->object(), [this](const core::FlowSighting& sighting) {
    pump_->feed([&](Now now) { gateway_->handle_flow_sighting(now, sighting); });
  });
  if (!queue) return tl::unexpected(queue.error());
  notices_ = std::move(*queue);
  auto watch = host_->loop().watch(notices_->fd(), [this] { notices_->take(); });
  if (!watch) return tl::unexpected(watch.error());
  notice_watch_ = std::move(*watch);
  return {};
}

Result<void> MagDaemon::reload() {
  auto loaded = config::load_mag(file_, on_this_machine());
  if (!loaded) return tl::unexpected(config::to_error(loaded.error()));
  if (loaded->paths != settings_.paths || all_interfaces(*loaded) != all_interfaces(settings_))
    return fail("needs-restart", "interfaces and paths cannot change while the daemon runs");
  for (core::AccessConfig& access : loaded->core.accesses)
    if (auto done = resolve_access(*netlink_, access, loaded->core); !done) return done;
  auto done = check_protection(loaded->core.addresses(), loaded->protected_peers).and_then([&] {
    return pump_->feed([&](Now now) { return gateway_->reconfigure(now, effective(loaded->core)); });
  });
  if (!done) return done;
  settings_ = std::move(*loaded);
  // The configuration holds from here on; an interface that does not follow is a failure of its own.
  for (core::AccessConfig& access : settings_.core.accesses)
    if (auto ready = prepare_access(*netlink_, access, settings_.core); !ready)
      spdlog::error("interface {}: {}", access.interface, ready.error().message);
  if (auto applied = apply_routing(); !applied) spdlog::error("routing: {}", applied.error().message);
  return {};
}

Result<void> MagDaemon::teardown(const Options& options) {
  // Interfaces may be gone by now.
  const auto settings = config::load_mag(options.config);
  if (!settings) return tl::unexpected(config::to_error(settings.error()));
  const auto host = Host::create(platform::DaemonRole::Mag, {settings->paths.control, {}});
  if (!host) return tl::unexpected(host.error());
  return dataplane::MagDataplane::teardown(dataplane_options(*settings)).and_then([&] {
    return remove_records(settings->paths.state);
  });
}

}  // namespace flowmob::daemon
