// SPDX-License-Identifier: Apache-2.0
// What flowmob-magd makes of its interfaces' changes.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/ipv4.h"
#include "core/tunnelling.h"
#include "daemon/host/forwarding.h"
#include "daemon/mag/daemon.h"

namespace flowmob::daemon {

void MagDaemon::link_changed(const std::string& interface, const std::optional<platform::Link>& link) {
  const auto access = std::ranges::find(settings_.core.accesses, interface, &core::AccessConfig::interface);
  if (access != settings_.core.accesses.end()) return access_changed(*access, link);
  if (!link) spdlog::warn("interface {} is gone", interface);
  if (!transports_.has_returned(interface, link ? std::optional(link->index) : std::nullopt)) return;
  auto done = dataplane_->attach(interface).and_then(
      [&] { return ensure_forwarding({interface}, is_mapped(settings_.core.address)); });
  if (!done) return spdlog::error("interface {}: {}", interface, done.error().message);
  spdlog::info("interface {} is back", interface);
}

void MagDaemon::access_changed(core::AccessConfig& access, const std::optional<platform::Link>& link) {
  const InterfaceIndex before = access.index;
  if (!link) {
    spdlog::warn("interface {} of access {} is gone", access.interface, access.name);
    close_ports(before);
    access.index = {};  // the next one is another one, even if it has the same index
    return pump_->feed([&](Now now) { gateway_->handle_link(now, before, false); });
  }
  Result<void> done;
  if (link->index != before)
    done = access_returned(access);
  else if (link->carrier)  // the kernel forgets link-local addresses of an interface that was set down
    done = prepare_access(*netlink_, access, settings_.core).and_then([&] { return apply_routing(); });
  if (!done) spdlog::error("interface {}: {}", access.interface, done.error().message);
  pump_->feed([&](Now now) { gateway_->handle_link(now, access.index, link->carrier); });
}

/// Without success it stays unknown, and the next change of its link tries again.
Result<void> MagDaemon::access_returned(core::AccessConfig& access) {
  spdlog::info("interface {} of access {} is back", access.interface, access.name);
  close_ports(access.index);
  access.index = {};
  core::AccessConfig fresh = access;
  return arm(fresh)
      .and_then([&] {
        auto config = effective(settings_.core);
        for (auto& one : config.accesses)
          if (one.name == fresh.name) one = fresh;
        return pump_->feed([&](Now now) { return gateway_->reconfigure(now, config); });
      })
      .and_then([&] {
        access = fresh;
        return apply_routing();
      });
}

core::MagConfig MagDaemon::effective(core::MagConfig config) const {
  config.tunnel_mtu = tunnel_mtu(config.tunnel_mtu, path_mtu_, core::outer_header(config.lma));
  return config;
}

void MagDaemon::path_changed(std::optional<std::uint32_t> mtu) {
  path_mtu_ = mtu;
  auto config = gateway_->config();
  config.tunnel_mtu = effective(settings_.core).tunnel_mtu;
  if (config.tunnel_mtu == gateway_->config().tunnel_mtu) return;
  spdlog::info("the tunnel carries packets of {} octets", config.tunnel_mtu);
  const auto done = pump_->feed([&](Now now) { return gateway_->reconfigure(now, config); });
  if (!done) spdlog::error("tunnel MTU: {}", done.error().message);
}

/// What it says of the path the kernel has noted, who is asked each second: anybody can send such errors.
void MagDaemon::handle_tunnel_error(const core::TunnelError& error) {
  pump_->feed([&](Now now) { gateway_->handle_tunnel_error(now, error); });
}

/// Whether others are there is none of its business.
Result<void> MagDaemon::arm(core::AccessConfig& access) {
  return prepare_access(*netlink_, access, settings_.core)
      .and_then([&] { return dataplane_->attach(access.interface); })
      .and_then([&] { return ensure_forwarding({access.interface}, is_mapped(settings_.core.address)); })
      .and_then([&] { return open_ports(access.index); });
}

Result<void> MagDaemon::open_ports(InterfaceIndex interface) {
  return accesses_->open(interface).and_then([&] { return ipv4_->open(interface); });
}

void MagDaemon::close_ports(InterfaceIndex interface) {
  accesses_->close(interface);
  ipv4_->close(interface);
}

}  // namespace flowmob::daemon
