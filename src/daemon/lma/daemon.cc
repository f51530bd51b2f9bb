// SPDX-License-Identifier: Apache-2.0
#include "daemon/lma/daemon.h"

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

/// How often the ways to the MAGs are looked up: the kernel's routing may change without a word to us.
constexpr auto kFollowRoutes = std::chrono::seconds(1);

dataplane::LmaDataplaneOptions dataplane_options(const LmaSettings& settings) {
  dataplane::LmaDataplaneOptions options;
  options.bpf_dir = settings.paths.bpf;
  options.core_interfaces = settings.core_interfaces;
  options.access_interfaces = settings.access_interfaces;
  options.local = settings.core.address;
  options.local_ipv4 = settings.core.ipv4_address;
  options.datapath = settings.datapath;
  options.datapaths = settings.datapaths;
  return options;
}

std::vector<std::string> all_interfaces(const LmaSettings& settings) {
  auto all = settings.core_interfaces;
  for (const auto& name : settings.access_interfaces) {
    if (std::ranges::count(all, name) == 0) all.push_back(name);
  }
  return all;
}

/// How often it is measured what goes through MAGs, if some rule asks for it.
constexpr auto kMeasureLoad = std::chrono::seconds(2);

/// What may be routed here.
std::vector<Ipv6Prefix> home_space(const core::LmaConfig& config) {
  auto space = config.pools;
  for (const auto& node : config.mobile_nodes) {
    space.insert(space.end(), node.prefixes.begin(), node.prefixes.end());
    space.insert(space.end(), node.delegated_prefixes.begin(), node.delegated_prefixes.end());
  }
  return space;
}

}  // namespace

Result<std::unique_ptr<LmaDaemon>> LmaDaemon::start(const Options& options) {
  auto settings = config::load_lma(options.config, on_this_machine());
  if (!settings) return tl::unexpected(config::to_error(settings.error()));
  std::unique_ptr<LmaDaemon> daemon(new LmaDaemon(options.config, std::move(*settings)));
  const bool first = !std::filesystem::exists(daemon->settings_.paths.bpf);
  auto opened = daemon->open();
  if (!opened) return tl::unexpected(opened.error());
  auto up = daemon->bring_up();
  if (up) return daemon;
  if (first) (void)dataplane::LmaDataplane::teardown(dataplane_options(daemon->settings_));
  return tl::unexpected(up.error());
}

Result<void> LmaDaemon::open() {
  if (auto done = check_protection({settings_.core.address}, settings_.protected_peers); !done) return done;
  auto host = Host::create(platform::DaemonRole::Lma, {settings_.paths.control, settings_.paths.state});
  if (!host) return tl::unexpected(host.error());
  host_ = std::move(*host);
  auto netlink = platform::Netlink::open();
  if (!netlink) return tl::unexpected(netlink.error());
  netlink_.emplace(std::move(*netlink));
  std::vector<Ipv6Address> addresses{settings_.core.address};
  if (settings_.core.ipv4_address) addresses.push_back(to_mapped(*settings_.core.ipv4_address));
  auto port = MobilityPort::open(host_->loop(), addresses);
  if (!port) return tl::unexpected(port.error());
  port_ = std::move(*port);
  auto tunnel_errors = TunnelErrorPort::open(host_->loop(), addresses);
  if (!tunnel_errors) return tl::unexpected(tunnel_errors.error());
  tunnel_errors_ = std::move(*tunnel_errors);
  auto packets = platform::PacketSender::open();
  if (!packets) return tl::unexpected(packets.error());
  packets_.emplace(std::move(*packets));
  auto echoes = platform::EchoSocket::open(settings_.core.address);
  if (!echoes) return tl::unexpected(echoes.error());
  echoes_.emplace(std::move(*echoes));
  auto watch = LinkWatch::open(host_->loop(), {all_interfaces(settings_), {}});
  if (!watch) return tl::unexpected(watch.error());
  watch_ = std::move(*watch);
  return {};
}

Result<void> LmaDaemon::bring_up() {
  auto records = load_records<core::NodeRecord>(host_->state());
  if (!records) return tl::unexpected(records.error());
  auto dataplane = dataplane::LmaDataplane::open(dataplane_options(settings_));
  if (!dataplane) return tl::unexpected(dataplane.error());
  dataplane_ = std::move(*dataplane);
  open_hold();
  return ensure_forwarding(all_interfaces(settings_), settings_.core.ipv4_address.has_value())
      .and_then([&] { return take_over(*records); })
      .and_then([&] { return serve(); });
}

/// Without it flows that move in order are moved at their deadline if they have no gap.
void LmaDaemon::open_hold() {
  auto held = HeldPackets::open(host_->loop());
  auto ready = held ? dataplane_->hold_at((*held)->interface()) : tl::unexpected(held.error());
  if (ready)
    held_ = std::move(*held);
  else
    spdlog::warn("flows that have no gap between packets are not made one: {}", ready.error().message);
}

Result<void> LmaDaemon::listen_to_echoes() {
  auto watch = host_->loop().watch(echoes_->fd(), [this] {
    echoes_->receive([this](const Ipv6Address& source, ByteView reply) {
      pump_->feed([&](Now now) { anchor_->handle_echo_reply(now, source, reply); });
    });
  });
  if (!watch) return tl::unexpected(watch.error());
  echo_watch_ = std::move(*watch);
  return {};
}

Result<void> LmaDaemon::take_over(const std::vector<core::NodeRecord>& records) {
  const std::size_t known = records.size();
  auto space = home_space(settings_.core);
  for (const auto& record : records) {
    space.insert(space.end(), record.prefixes.begin(), record.prefixes.end());
    for (const auto& session : record.sessions)
      space.insert(space.end(), session.delegated.begin(), session.delegated.end());
  }
  auto ipv4_space = settings_.core.ipv4_pools;
  for (const auto& record : records)
    if (record.ipv4) ipv4_space.push_back({record.ipv4->address.address, 32});

  routes_ = std::make_unique<HomeNetworks>(*netlink_);
  anchor_ = std::make_unique<core::LocalMobilityAnchor>(settings_.core);
  effects_ = std::make_unique<LmaEffects>(*host_, *port_, *dataplane_, *routes_, *packets_, held_.get());
  pump_ = std::make_unique<Pump<core::LocalMobilityAnchor, core::LmaEffect>>(
      host_->loop(), *anchor_, [this](const core::LmaEffect& effect) { return effects_->carry_out(effect); },
      [this] { return effects_->end_batch(); },
      [this] {
        tell_what_was_seen();
        answer_changes();
      });
  const auto life = begin_life(host_->state(), settings_.paths.state, platform::SystemClock::now().wall);
  if (!life) return tl::unexpected(life.error());
  pump_->feed([&](Now now) { anchor_->restore(now, records); });
  anchor_->number_heartbeats_from(std::random_device{}());
  anchor_->seed_measurements(std::uint64_t{std::random_device{}()} << 32 | std::random_device{}());
  anchor_->number_notifications_from(static_cast<std::uint16_t>(std::random_device{}()));
  pump_->feed([&](Now) { anchor_->set_restart_counter(life->value, life->lost_state); });
  anchor_->set_correspondent_interfaces(correspondent_interfaces());

  const auto swept = dataplane_->sweep();
  if (!swept) return tl::unexpected(swept.error());
  spdlog::info("{} mobile nodes from {}; {} stale rows removed", known, settings_.paths.state.string(),
               *swept);
  return routes_->set_pools(settings_.core.pools, settings_.core.ipv4_pools).and_then([&] {
    return routes_->sweep(space, ipv4_space);
  });
}

Result<void> LmaDaemon::serve() {
  auto started = port_->listen(
      [this](const core::PacketMeta& meta, ByteView message) {
        anchor_->tell_extensions(host_->is_listened_to());
        pump_->feed_one_of_many([&](Now now) { anchor_->handle_message(now, meta, message); });
      },
      [this] { pump_->settle(); });
  return started
      .and_then([&] {
        return watch_->start([this](const std::string& interface, const std::optional<platform::Link>& link) {
          link_changed(interface, link);
        });
      })
      .and_then([&] {
        return tunnel_errors_->listen([this](const core::TunnelError& error) { handle_tunnel_error(error); });
      })
      .and_then([&] { return listen_to_echoes(); })
      .and_then([&] { return add_commands(); })
      .map([&] {
        routes_timer_ = host_->loop().make_timer([this] { follow_routes(); });
        follow_routes();
        load_timer_ = host_->loop().make_timer([this] { measure_load(); });
        measure_load();
        spdlog::info("anchor {} at {} is ready", settings_.core.name, settings_.core.address.to_string());
      });
}

/// One that leads both ways may have MAGs behind it.
std::vector<InterfaceIndex> LmaDaemon::correspondent_interfaces() {
  std::vector<InterfaceIndex> indexes;
  for (const auto& name : settings_.core_interfaces) {
    if (std::ranges::count(settings_.access_interfaces, name) != 0) continue;
    if (const auto link = netlink_->link(name)) indexes.push_back(link->index);
  }
  return indexes;
}

/// An interface that comes back is another one to the kernel, without our programs. One that lost its carrier
/// may have lost routes.
void LmaDaemon::link_changed(const std::string& interface, const std::optional<platform::Link>& link) {
  const auto index = link ? std::optional(link->index) : std::nullopt;
  if (interfaces_.has_returned(interface, index)) prepare_again(interface);
  if (!link) return spdlog::warn("interface {} is gone", interface);
  if (link->carrier && routes_timer_) note_routes(routes_->restore());
}

void LmaDaemon::prepare_again(const std::string& interface) {
  anchor_->set_correspondent_interfaces(correspondent_interfaces());
  spdlog::info("interface {} is back", interface);
  // An error here may be that of another interface, which is still gone.
  if (const auto done = dataplane_->attach(); !done)
    spdlog::warn("data plane after the return of {}: {}", interface, done.error().message);
  if (const auto done = ensure_forwarding({interface}, settings_.core.ipv4_address.has_value()); !done)
    spdlog::error("interface {}: {}", interface, done.error().message);
}

void LmaDaemon::follow_routes() {
  note_routes(routes_->follow());
  dataplane_->follow_datapaths();
  routes_timer_->arm(platform::SystemClock::now().monotonic + kFollowRoutes);
}

/// What it says of the path the kernel has noted, who is asked each second: anybody can send such errors.
void LmaDaemon::handle_tunnel_error(const core::TunnelError& error) {
  pump_->feed([&](Now now) { anchor_->handle_tunnel_error(now, error); });
}

void LmaDaemon::tell_what_was_seen() {
  for (const auto& [handover, watch] : effects_->take_seen())
    pump_->feed([this, id = handover, seen = watch](Now now) { anchor_->handle_flow_watch(now, id, seen); });
  for (const auto& [flow, order] : effects_->take_orders())
    pump_->feed([this, id = flow, seen = order](Now now) { anchor_->handle_flow_order(now, id, seen); });
}

void LmaDaemon::measure_load() {
  const auto now = platform::SystemClock::now().monotonic;
  load_timer_->arm(now + kMeasureLoad);
  if (!anchor_->asks_for_load()) return;
  std::vector<LoadMeter::Sample> samples;
  for (const auto& [session, mag] : anchor_->live_sessions())
    if (const auto traffic = dataplane_->session_traffic(session))
      samples.push_back({session, mag, traffic->down.bytes, traffic->up.bytes});
  for (const auto& [mag, load] : load_.measure(now, samples))
    pump_->feed([&, mag = mag, load = load](Now at) { anchor_->handle_link_load(at, mag, load); });
}

/// Tells when it begins to fail, and when it works again.
void LmaDaemon::note_routes(const Result<void>& outcome) {
  if (std::exchange(routes_fail_, !outcome) == !outcome) return;
  if (outcome) return spdlog::info("routes of home networks: complete again");
  host_->notify(
      "effect-failed",
      {{"effect", "home-routes"}, {"code", outcome.error().code}, {"message", outcome.error().message}});
}

Result<void> LmaDaemon::reload() {
  auto loaded = config::load_lma(file_, on_this_machine());
  if (!loaded) return tl::unexpected(config::to_error(loaded.error()));
  if (loaded->paths != settings_.paths || loaded->core_interfaces != settings_.core_interfaces ||
      loaded->access_interfaces != settings_.access_interfaces || loaded->datapath != settings_.datapath ||
      loaded->datapaths != settings_.datapaths)
    return fail("needs-restart",
                "interfaces, their data paths, and paths cannot change while the daemon runs");
  auto done = check_protection({loaded->core.address}, loaded->protected_peers).and_then([&] {
    return pump_->feed([&](Now now) { return anchor_->reconfigure(now, loaded->core); });
  });
  if (!done) return done;
  settings_ = std::move(*loaded);
  // The new configuration holds from here on: a route that fails is told as such, and tried again.
  note_routes(routes_->set_pools(settings_.core.pools, settings_.core.ipv4_pools));
  return {};
}

Result<void> LmaDaemon::teardown(const Options& options) {
  // Interfaces may be gone by now.
  const auto settings = config::load_lma(options.config);
  if (!settings) return tl::unexpected(config::to_error(settings.error()));
  const auto host = Host::create(platform::DaemonRole::Lma, {settings->paths.control, {}});
  if (!host) return tl::unexpected(host.error());
  auto netlink = platform::Netlink::open();
  if (!netlink) return tl::unexpected(netlink.error());
  auto space = home_space(settings->core);
  return dataplane::LmaDataplane::teardown(dataplane_options(*settings))
      .and_then([&] { return HomeNetworks(*netlink).sweep(space, settings->core.ipv4_pools); })
      .and_then([&] { return remove_records(settings->paths.state); });
}

}  // namespace flowmob::daemon
