// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/link_watch.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "platform/clock.h"

namespace flowmob::daemon {

using platform::Link;
using platform::LinkEvent;

LinkWatch::LinkWatch(platform::EventLoop& loop, Options options, platform::LinkMonitor monitor,
                     platform::Netlink netlink)
    : loop_(loop),
      options_(std::move(options)),
      monitor_(std::move(monitor)),
      netlink_(std::move(netlink)),
      timer_(loop.make_timer([this] { poll(); })) {}

Result<std::unique_ptr<LinkWatch>> LinkWatch::open(platform::EventLoop& loop, Options options) {
  // The subscription before the first look: nothing may happen unseen in between.
  auto monitor = platform::LinkMonitor::open();
  if (!monitor) return tl::unexpected(monitor.error());
  auto netlink = platform::Netlink::open();
  if (!netlink) return tl::unexpected(netlink.error());
  return std::unique_ptr<LinkWatch>(
      new LinkWatch(loop, std::move(options), std::move(*monitor), std::move(*netlink)));
}

Result<void> LinkWatch::start(OnLink on_link) {
  on_link_ = std::move(on_link);
  auto watching = loop_.watch(monitor_.fd(), [this] { take(monitor_.receive()); });
  if (!watching) return tl::unexpected(watching.error());
  watch_ = std::move(*watching);
  for (const std::string& name : std::vector(options_.interfaces)) look(name);
  poll();
  return {};
}

void LinkWatch::look(const std::string& interface) {
  auto link = netlink_.link(interface);
  tell(interface, link ? std::optional(std::move(*link)) : std::nullopt);
}

void LinkWatch::watch(const std::string& interface) {
  if (std::ranges::count(options_.interfaces, interface) == 0) options_.interfaces.push_back(interface);
  look(interface);
}

void LinkWatch::forget(const std::string& interface) {
  std::erase(options_.interfaces, interface);
  told_.erase(interface);
}

void LinkWatch::tell_again(const std::string& interface) { again_.insert(interface); }

void LinkWatch::poll() {
  if (!options_.poll) return;
  std::vector<InterfaceIndex> present;
  for (const auto& [name, link] : told_) {
    if (link) present.push_back(link->index);
  }
  take(monitor_.check(present));
  for (const std::string& name : std::exchange(again_, {})) {
    if (told_.erase(name) != 0) look(name);
  }
  timer_.arm(platform::SystemClock::now().monotonic + *options_.poll);
}

void LinkWatch::take(const Result<std::vector<LinkEvent>>& events) {
  if (!events) return spdlog::warn("link monitor: {}", events.error().message);
  for (const LinkEvent& event : *events) take(event);
}

void LinkWatch::take(const LinkEvent& event) {
  // An interface that was renamed is gone under its old name.
  std::vector<std::string> gone;
  for (const auto& [name, link] : told_) {
    const bool same = link && link->index == event.link.index;
    if (same && (event.removed || event.link.name != name)) gone.push_back(name);
  }
  for (const std::string& name : gone) tell(name, std::nullopt);
  const bool is_watched = std::ranges::count(options_.interfaces, event.link.name) > 0;
  if (is_watched && !event.removed) tell(event.link.name, event.link);
  if (!is_watched && options_.on_other) options_.on_other(event.link);
}

void LinkWatch::tell(const std::string& interface, const std::optional<Link>& link) {
  const auto [known, fresh] = told_.try_emplace(interface, link);
  if (!fresh && std::exchange(known->second, link) == link) return;
  on_link_(interface, link);
}

}  // namespace flowmob::daemon
