// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/rate_limiter.h"
#include "platform/address_monitor.h"
#include "platform/control_message.h"
#include "platform/event_loop.h"
#include "platform/netlink.h"

namespace flowmob::daemon {

/// Members have link-local addresses only: whoever gives one another, it is removed again, and told. Somebody
/// who insists is not fought: what comes too often stays for a while, which is told, too.
class AddressGuard {
 public:
  using OnRemoved = std::function<void(const std::string& interface, const std::string& address)>;

  static Result<std::unique_ptr<AddressGuard>> open(platform::EventLoop& loop, platform::Netlink& netlink,
                                                    OnRemoved on_removed);

  /// Removes what stands there, however much, and watches from now on.
  Result<void> clear(const std::string& interface, InterfaceIndex index);
  void leave(InterfaceIndex index) { guarded_.erase(index); }
  /// {"removed", "left"}: those that were given to members while they were.
  platform::Json statistics() const { return {{"removed", removed_}, {"left", left_}}; }

 private:
  struct Guarded {
    std::string name;
    core::RateLimiter pace{std::chrono::seconds(10), 8};
    bool is_given_up = false;
  };
  AddressGuard(platform::EventLoop& loop, platform::Netlink& netlink, platform::AddressMonitor monitor,
               OnRemoved on_removed);
  void take(const Result<std::vector<platform::InterfaceAddress>>& found);
  void look(InterfaceIndex index, Guarded& guarded);
  void undo(const platform::InterfaceAddress& found, Guarded& guarded);
  void look_again();

  platform::Netlink& netlink_;
  platform::AddressMonitor monitor_;
  OnRemoved on_removed_;
  std::map<InterfaceIndex, Guarded> guarded_;
  std::uint64_t removed_ = 0, left_ = 0;
  platform::FdWatch watch_;
  platform::DeadlineTimer again_;
};

}  // namespace flowmob::daemon
