// SPDX-License-Identifier: Apache-2.0
#include "daemon/mn/former_device.h"

#include <spdlog/spdlog.h>

#include <array>
#include <utility>

#include "platform/sysctl.h"

namespace flowmob::daemon {
namespace {

using platform::Ipv6Setting;
using platform::Link;

/// In the order in which they are set again: a device without IPv6 takes the others all the same.
constexpr std::array kOfDevices{
    std::pair(&FormerDeviceSettings::router_solicitations, Ipv6Setting::RouterSolicitations),
    std::pair(&FormerDeviceSettings::accept_dad, Ipv6Setting::AcceptDad),
    std::pair(&FormerDeviceSettings::dad_transmits, Ipv6Setting::DadTransmits),
    std::pair(&FormerDeviceSettings::addr_gen_mode, Ipv6Setting::AddrGenMode),
    std::pair(&FormerDeviceSettings::ipv6_mtu, Ipv6Setting::Mtu)};

bool is_of(const FormerSettings& former, const Link& device) {
  return former.index == device.index && former.name == device.name && former.device.has_value();
}

Result<void> read_into(int& value, const std::string& name, Ipv6Setting setting) {
  return platform::get_ipv6(name, setting).map([&](int found) { value = found; });
}

/// As the kernel makes one.
Result<void> put_default(const std::string& name) {
  for (const auto setting : {Ipv6Setting::AcceptRa, Ipv6Setting::RouterSolicitations, Ipv6Setting::AcceptDad,
                             Ipv6Setting::DadTransmits, Ipv6Setting::AddrGenMode}) {
    auto done = platform::get_ipv6("default", setting).and_then([&](int value) {
      return platform::set_ipv6(name, setting, value);
    });
    if (!done) return done;
  }
  return {};
}

}  // namespace

Result<FormerSettings> FormerDevice::look_at(const Link& device) {
  FormerSettings former{.index = device.index, .mac = device.mac, .name = device.name};
  former.kind = device.kind;
  former.up = device.up;
  FormerDeviceSettings settings{.mtu = device.mtu};
  auto read = read_into(former.accept_ra, device.name, Ipv6Setting::AcceptRa).and_then([&] {
    return read_into(former.disable_ipv6, device.name, Ipv6Setting::DisableIpv6);
  });
  for (const auto& [value, setting] : kOfDevices)
    if (read) read = read_into(settings.*value, device.name, setting);
  if (!read) return tl::unexpected(read.error());
  const auto has_clsact = netlink_.has_ingress_qdisc(device.index);
  const auto links = netlink_.links();
  if (!has_clsact || !links) return tl::unexpected(has_clsact ? links.error() : has_clsact.error());
  former.has_clsact = *has_clsact;
  for (const Link& link : *links)
    if (link.master == device.index) settings.ports.push_back({link.index, identity_of(link)});
  former.device = std::move(settings);
  return former;
}

std::optional<FormerSettings> FormerDevice::on_file() const {
  const auto known = file_.load();
  return known && !known->empty() ? std::optional(known->front()) : std::nullopt;
}

/// Of a device that was there before this one nothing is lost: this one is as it was.
Result<void> FormerDevice::note(const Link& device, bool is_taken) {
  const auto known = on_file();
  if (known && is_of(*known, device)) return {};
  if (!known && is_taken) {
    spdlog::error(
        "{}: it was the virtual interface already, and how it was before is not on file ({}); --teardown "
        "will give it "
        "the kernel's defaults, and what ports it had is not known",
        device.name, file_.path().string());
    return {};
  }
  return look_at(device).and_then([&](FormerSettings&& former) { return file_.save({std::move(former)}); });
}

Result<void> FormerDevice::note_made(const Link& device) {
  const FormerSettings made{
      .index = device.index, .mac = device.mac, .name = device.name, .kind = device.kind};
  return on_file() == made ? Result<void>() : file_.save({made});
}

Result<void> FormerDevice::put_back(const std::string& name, bool is_taken) {
  const auto device = netlink_.link(name);
  const auto known = file_.load();
  Result<void> done;
  if (!known || known->empty()) {
    if (device && is_taken) done = put_back_unknown(*device);
  } else if (device && is_of(known->front(), *device)) {
    done = put_back(known->front(), *device);
    if (!done) return done;
  } else if (device && !known->front().device && device->index == known->front().index) {
    return {};
  }
  auto forgotten = file_.save({});
  if (!known) return tl::unexpected(known.error());
  return done ? forgotten : done;
}

/// A clsact that nobody uses is most likely ours.
Result<void> FormerDevice::put_back_unknown(const Link& device) {
  return put_default(device.name)
      .and_then([&] { return netlink_.remove_empty_clsact(device.index); })
      .and_then([&]() -> Result<void> {
        return fail("bad-record",
                    "how '" + device.name + "' was before is not on file (" + file_.path().string() +
                        "): it has the kernel's defaults now, and what ports it had is not known");
      });
}

/// Its MTU first: with it the kernel sets IPv6's.
Result<void> FormerDevice::put_back(const FormerSettings& former, const Link& device) {
  auto done =
      device.mtu == former.device->mtu ? Result<void>() : netlink_.set_mtu(device.index, former.device->mtu);
  for (const auto& [value, setting] : kOfDevices)
    if (done) done = platform::set_ipv6(device.name, setting, (*former.device).*value);
  if (done && !former.has_clsact) done = netlink_.remove_empty_clsact(device.index);
  done =
      done.and_then(
              [&] { return platform::set_ipv6(device.name, Ipv6Setting::DisableIpv6, former.disable_ipv6); })
          .and_then([&] { return platform::set_ipv6(device.name, Ipv6Setting::AcceptRa, former.accept_ra); });
  for (const FormerPort& port : former.device->ports)
    if (done) done = put_back_port(port, device);
  return done.and_then([&] { return former.up ? Result<void>() : netlink_.set_up(device.index, false); });
}

/// One that is gone, or somebody else's by now, is left alone. Bonds and teams take what is down.
Result<void> FormerDevice::put_back_port(const FormerPort& port, const Link& device) {
  const auto link = netlink_.link(port.index);
  if (!link || identity_of(*link) != port.mac || link->master) return {};
  const bool has_to_be_down = device.kind != "bridge" && link->up;
  return (has_to_be_down ? netlink_.set_up(link->index, false) : Result<void>())
      .and_then([&] { return netlink_.set_master(link->index, device.index); })
      .and_then([&] { return has_to_be_down ? netlink_.set_up(link->index, true) : Result<void>(); });
}

}  // namespace flowmob::daemon
