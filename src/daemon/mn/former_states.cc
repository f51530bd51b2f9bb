// SPDX-License-Identifier: Apache-2.0
#include "daemon/mn/former_states.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "core/mn/solicitation.h"
#include "platform/packet_socket.h"
#include "platform/sysctl.h"

namespace flowmob::daemon {
namespace {

using platform::Ipv6Setting;
using platform::Link;

/// Whoever has router discovery again need not wait for the next advertisement, which may be ten minutes
/// away.
void ask_for_routers(const Link& link) {
  const auto question = core::router_solicitation(link.index, link.mac);
  const auto sent = platform::PacketSocket::open(link.index).and_then([&](platform::PacketSocket&& socket) {
    return socket.send({question.link_source, question.link_destination, question.source,
                        question.destination, 255, question.icmpv6});
  });
  if (!sent) spdlog::info("{}: routers were not asked: {}", link.name, sent.error().message);
}

void keep_first(Result<void>& first, const Result<void>& next) {
  if (first && !next) first = next;
}

}  // namespace

Result<void> FormerStates::load() {
  auto noted = file_.load();
  if (!noted) {
    ++refused_;
    (void)file_.save({});
    return tl::unexpected(noted.error());
  }
  for (auto& former : *noted) {
    const auto link = netlink_.link(former.index);
    if (link && identity_of(*link) == former.mac) {
      all_.push_back(std::move(former));
    } else if (link) {
      ++refused_;
      spdlog::warn("{}: interface {} is another one now; what {} was like is forgotten",
                   file_.path().string(), former.index.value, former.name);
    }
  }
  return {};
}

FormerSettings* FormerStates::find(InterfaceIndex interface) {
  const auto found = std::ranges::find(all_, interface, &FormerSettings::index);
  return found == all_.end() ? nullptr : &*found;
}

Result<FormerSettings> FormerStates::look_at(const Link& link) {
  FormerSettings former{link.index, identity_of(link), link.name};
  const auto accept_ra = platform::get_ipv6(link.name, Ipv6Setting::AcceptRa);
  if (!accept_ra) return tl::unexpected(accept_ra.error());
  former.accept_ra = *accept_ra;
  const auto disable_ipv6 = platform::get_ipv6(link.name, Ipv6Setting::DisableIpv6);
  if (!disable_ipv6) return tl::unexpected(disable_ipv6.error());
  former.disable_ipv6 = *disable_ipv6;
  former.up = link.up;
  former.master = link.master;
  const auto has_clsact = netlink_.has_ingress_qdisc(link.index);
  if (!has_clsact) return tl::unexpected(has_clsact.error());
  former.has_clsact = *has_clsact;
  auto routes = netlink_.foreign_routes(link.index);
  if (!routes) return tl::unexpected(routes.error());
  former.routes = std::move(*routes);
  const auto addresses = netlink_.addresses(link.index);
  if (!addresses) return tl::unexpected(addresses.error());
  std::ranges::copy_if(*addresses, std::back_inserter(former.addresses), [](const auto& found) {
    return !found.address.is_link_local() && found.valid_lifetime == platform::kForever;
  });
  return former;
}

/// One that has changed its address while we watched is the same.
Result<void> FormerStates::note(const Link& link) {
  FormerSettings* known = find(link.index);
  if (known && known->mac == identity_of(link) && known->name == link.name) return {};
  if (known) {
    known->mac = identity_of(link);
    known->name = link.name;
    return file_.save(all_);
  }
  return look_at(link).and_then([&](FormerSettings&& former) { return keep(std::move(former)); }).map([&] {
    fresh_.push_back(link.index);
  });
}

Result<void> FormerStates::keep(FormerSettings former) {
  all_.push_back(std::move(former));
  auto saved = file_.save(all_);
  if (!saved) all_.pop_back();
  return saved;
}

/// What is not as we set it is somebody's, or of another interface in its place.
Result<void> FormerStates::assume(const Link& link) {
  if (find(link.index) != nullptr) return {};
  auto former = look_at(link);
  const auto accept_ra = platform::get_ipv6("default", Ipv6Setting::AcceptRa);
  const auto disable_ipv6 = platform::get_ipv6("default", Ipv6Setting::DisableIpv6);
  if (!former) return tl::unexpected(former.error());
  if (former->accept_ra == 0) former->accept_ra = accept_ra.value_or(1);
  if (former->disable_ipv6 != 0) former->disable_ipv6 = disable_ipv6.value_or(0);
  former->has_clsact = false;
  former->master = {};
  former->is_assumed = true;
  spdlog::error(
      "{}: it was a member already, and how it was before is not on file ({}); when it is given back it will "
      "have the "
      "kernel's defaults (accept_ra {}), and what addresses and routes it had is not known",
      link.name, file_.path().string(), former->accept_ra);
  return keep(std::move(*former));
}

/// One that it had before is its master still. Some leave it down.
Result<void> FormerStates::leave_master(const FormerSettings& former, const Link& link) {
  const bool leaves = link.master && link.master != former.master;
  const auto left = leaves ? netlink_.set_master(link.index, {}) : Result<void>();
  return left.and_then([&] { return former.up ? netlink_.set_up(link.index, true) : Result<void>(); });
}

/// One may lead to the gateway of another. Some cannot come back, since more than this interface has changed:
/// they are told, and no reason to try for ever.
void FormerStates::put_back_routes(const FormerSettings& former, const Link& link) {
  auto missing = former.routes;
  for (const bool leniently : {false, false, true})
    std::erase_if(missing,
                  [&](const auto& route) { return netlink_.ensure_route(route, leniently).has_value(); });
  for (const auto& route : missing) {
    const auto done = netlink_.ensure_route(route, false);
    if (!done)
      spdlog::warn("{}: a route that it had does not come back: {}", link.name, done.error().message);
  }
}

Result<void> FormerStates::put_back(const FormerSettings& former, const Link& link) {
  Result<void> done;
  if (!former.has_clsact) keep_first(done, netlink_.remove_empty_clsact(link.index));
  keep_first(done, leave_master(former, link));
  const auto set = platform::set_ipv6(link.name, Ipv6Setting::DisableIpv6, former.disable_ipv6).and_then([&] {
    return platform::set_ipv6(link.name, Ipv6Setting::AcceptRa, former.accept_ra);
  });
  // Its MTU is too small for IPv6; the kernel gives it that anew some day, with settings of its own.
  if (!set && set.error().code == "no-such-setting") return done;
  keep_first(done, set);
  for (auto address : former.addresses) {
    address.interface = link.index;
    keep_first(done, netlink_.ensure_address(address));
  }
  put_back_routes(former, link);
  if (former.accept_ra != 0 && link.carrier) ask_for_routers(link);
  return done;
}

/// On file until it is done: who is killed in between has a successor.
Result<void> FormerStates::restore(InterfaceIndex interface) {
  const FormerSettings* former = find(interface);
  if (former == nullptr) return {};
  const auto link = netlink_.link(interface);
  const auto done = link ? put_back(*former, *link) : Result<void>();
  if (done && link && former->is_assumed)
    spdlog::warn("{}: how it was before is not known; it has the kernel's defaults", link->name);
  if (done) forget(interface);
  return done;
}

void FormerStates::forget(InterfaceIndex interface) {
  std::erase(fresh_, interface);
  if (std::erase_if(all_, [&](const FormerSettings& one) { return one.index == interface; }) == 0) return;
  if (const auto saved = file_.save(all_); !saved) spdlog::warn("{}", saved.error().message);
}

std::vector<InterfaceIndex> FormerStates::known() const {
  std::vector<InterfaceIndex> indices;
  for (const auto& former : all_) indices.push_back(former.index);
  return indices;
}

std::vector<std::string> FormerStates::assumed() const {
  std::vector<std::string> names;
  for (const auto& former : all_)
    if (former.is_assumed) names.push_back(former.name);
  return names;
}

InterfaceIndex FormerStates::named(const std::string& name) const {
  const auto found = std::ranges::find(all_, name, &FormerSettings::name);
  return found == all_.end() ? InterfaceIndex{} : found->index;
}

}  // namespace flowmob::daemon
