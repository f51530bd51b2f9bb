// SPDX-License-Identifier: Apache-2.0
#include "daemon/mn/address_guard.h"

#include <spdlog/spdlog.h>

#include <set>

#include "platform/clock.h"
#include "platform/sysctl.h"

namespace flowmob::daemon {
namespace {

using platform::InterfaceAddress;
using platform::Ipv6Setting;
using platform::SystemClock;

constexpr Duration kLookAgain = std::chrono::seconds(10);

std::string written(const InterfaceAddress& found) {
  return found.address.to_string() + '/' + std::to_string(found.prefix_length);
}

}  // namespace

AddressGuard::AddressGuard(platform::EventLoop& loop, platform::Netlink& netlink,
                           platform::AddressMonitor monitor, OnRemoved on_removed)
    : netlink_(netlink),
      monitor_(std::move(monitor)),
      on_removed_(std::move(on_removed)),
      again_(loop.make_timer([this] { look_again(); })) {}

Result<std::unique_ptr<AddressGuard>> AddressGuard::open(platform::EventLoop& loop,
                                                         platform::Netlink& netlink, OnRemoved on_removed) {
  auto monitor = platform::AddressMonitor::open();
  if (!monitor) return tl::unexpected(monitor.error());
  std::unique_ptr<AddressGuard> guard(
      new AddressGuard(loop, netlink, std::move(*monitor), std::move(on_removed)));
  auto watching =
      loop.watch(guard->monitor_.fd(), [raw = guard.get()] { raw->take(raw->monitor_.receive()); });
  if (!watching) return tl::unexpected(watching.error());
  guard->watch_ = std::move(*watching);
  return guard;
}

Result<void> AddressGuard::clear(const std::string& interface, InterfaceIndex index) {
  const auto standing = netlink_.addresses(index);
  if (!standing) return tl::unexpected(standing.error());
  for (const auto& found : *standing) {
    if (found.address.is_link_local()) continue;
    spdlog::warn("{}: removing {}, members have link-local addresses only", interface, written(found));
    auto removed = netlink_.remove_address(index, found.address, found.prefix_length);
    if (!removed) return removed;
  }
  guarded_.insert_or_assign(index, Guarded{interface});
  return {};
}

/// An announcement may be older than what we did about it: what stands there now counts.
void AddressGuard::take(const Result<std::vector<InterfaceAddress>>& found) {
  if (!found) return spdlog::warn("address monitor: {}", found.error().message);
  std::set<InterfaceIndex> changed;
  for (const auto& address : *found)
    if (!address.address.is_link_local()) changed.insert(address.interface);
  for (auto& [index, guarded] : guarded_)
    if (changed.contains(index)) look(index, guarded);
}

void AddressGuard::look(InterfaceIndex index, Guarded& guarded) {
  const auto standing = netlink_.addresses(index);
  if (!standing) return spdlog::warn("{}: {}", guarded.name, standing.error().message);
  for (const auto& found : *standing)
    if (!found.address.is_link_local()) undo(found, guarded);
}

/// Whoever gives addresses may have turned router discovery on, too.
void AddressGuard::undo(const InterfaceAddress& found, Guarded& guarded) {
  if (!guarded.pace.allow(SystemClock::now().monotonic)) {
    ++left_;
    if (!std::exchange(guarded.is_given_up, true))
      spdlog::warn("{}: {} is given again and again and stays for now", guarded.name, written(found));
    return again_.arm(SystemClock::now().monotonic + kLookAgain);
  }
  guarded.is_given_up = false;
  // By its present name: another may have the one it had.
  const auto done = netlink_.link(found.interface)
                        .and_then([](const platform::Link& link) {
                          return platform::set_ipv6(link.name, Ipv6Setting::AcceptRa, 0);
                        })
                        .and_then([&] {
                          return netlink_.remove_address(found.interface, found.address, found.prefix_length);
                        });
  if (!done) return spdlog::error("{}: {}", guarded.name, done.error().message);
  ++removed_;
  on_removed_(guarded.name, written(found));
}

void AddressGuard::look_again() {
  for (auto& [index, guarded] : guarded_)
    if (guarded.is_given_up) look(index, guarded);
}

}  // namespace flowmob::daemon
