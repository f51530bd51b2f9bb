// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "platform/event_loop.h"
#include "platform/link_monitor.h"
#include "platform/netlink.h"

namespace flowmob::daemon {

/// Follows interfaces by name: carrier, index, and that they go away and come back.
class LinkWatch {
 public:
  /// No link: the interface is gone.
  using OnLink = std::function<void(const std::string& interface, const std::optional<platform::Link>& link)>;
  struct Options {
    std::vector<std::string> interfaces;
    /// How often to ask instead of waiting for the kernel, which may hold the loss of a carrier back for up
    /// to a second; none: wait.
    std::optional<Duration> poll;
    /// Told of announcements of all the others, too, also that they are gone.
    std::function<void(const platform::Link& link)> on_other = {};
  };

  static Result<std::unique_ptr<LinkWatch>> open(platform::EventLoop& loop, Options options);
  /// Tells how each interface is now, and from now on of every change.
  Result<void> start(OnLink on_link);
  /// One more, once it has started: tells how it is now.
  void watch(const std::string& interface);
  void forget(const std::string& interface);
  /// Tells how it is once more at the next poll, though nothing has changed.
  void tell_again(const std::string& interface);

 private:
  LinkWatch(platform::EventLoop& loop, Options options, platform::LinkMonitor monitor,
            platform::Netlink netlink);
  void poll();
  void look(const std::string& interface);
  void take(const Result<std::vector<platform::LinkEvent>>& events);
  void take(const platform::LinkEvent& event);
  void tell(const std::string& interface, const std::optional<platform::Link>& link);

  platform::EventLoop& loop_;
  Options options_;
  platform::LinkMonitor monitor_;
  platform::Netlink netlink_;
  OnLink on_link_;
  std::map<std::string, std::optional<platform::Link>> told_;
  std::set<std::string> again_;
  platform::FdWatch watch_;
  platform::DeadlineTimer timer_;
};

}  // namespace flowmob::daemon
