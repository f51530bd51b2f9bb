// SPDX-License-Identifier: Apache-2.0
#include "daemon/mn/former_device.h"

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

Result<FormerSettings> look_at(const Link& device) {
  FormerSettings former{.index = device.index, .mac = device.mac, .name = device.name};
  former.up = device.up;
  FormerDeviceSettings settings{.mtu = device.mtu};
  auto read = read_into(former.accept_ra, device.name, Ipv6Setting::AcceptRa).and_then([&] {
    return read_into(former.disable_ipv6, device.name, Ipv6Setting::DisableIpv6);
  });
  for (const auto& [value, setting] : kOfDevices)
    if (read) read = read_into(settings.*value, device.name, setting);
  if (!read) return tl::unexpected(read.error());
  former.device = settings;
  return former;
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

/// Of a device that was there before this one nothing is lost: this one is as it was.
Result<void> FormerDevice::note(const Link& device, bool is_taken) {
  const auto known = file_.load();
  const bool is_any_known = known && !known->empty();
  if (is_any_known ? is_of(known->front(), device) : is_taken) return {};
  return look_at(device).and_then([&](FormerSettings&& former) { return file_.save({std::move(former)}); });
}

Result<void> FormerDevice::put_back(const std::string& name, bool is_taken) {
  const auto device = netlink_.link(name);
  const auto known = file_.load();
  Result<void> done;
  if (known && !known->empty()) {
    if (device && is_of(known->front(), *device)) done = put_back(known->front(), *device);
  } else if (device && is_taken) {
    done = put_default(name);
  }
  if (known && !done) return done;
  auto forgotten = file_.save({});
  return known ? forgotten : tl::unexpected(known.error());
}

/// Its MTU first: with it the kernel sets IPv6's.
Result<void> FormerDevice::put_back(const FormerSettings& former, const Link& device) {
  auto done =
      device.mtu == former.device->mtu ? Result<void>() : netlink_.set_mtu(device.index, former.device->mtu);
  for (const auto& [value, setting] : kOfDevices)
    if (done) done = platform::set_ipv6(device.name, setting, (*former.device).*value);
  return done
      .and_then(
          [&] { return platform::set_ipv6(device.name, Ipv6Setting::DisableIpv6, former.disable_ipv6); })
      .and_then([&] { return platform::set_ipv6(device.name, Ipv6Setting::AcceptRa, former.accept_ra); })
      .and_then([&] { return former.up ? Result<void>() : netlink_.set_up(device.index, false); });
}

}  // namespace flowmob::daemon
