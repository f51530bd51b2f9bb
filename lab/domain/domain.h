// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "lab/domain/plan.h"
#include "lab/domain/state.h"
#include "lab/stats/arrivals.h"
#include "platform/control_message.h"

namespace flowmob::lab {

struct UpOptions {
  std::string engine = "auto";  ///< of the links: "netem", "userspace", "auto"
  bool daemons = true;          ///< false: namespaces, links and configurations only
  bool demo = false;            ///< the demo's own, which the next demo may take away
  std::function<void(const std::string&)> say = [](const std::string&) {};
};

/// A plan made real. The domain outlives the object: up() leaves it running, down() takes it away.
class Domain {
 public:
  /// Brings up what is not up: nothing if all runs, everything anew if only a part does.
  static Result<Domain> up(const Plan& plan, const UpOptions& options);
  static Result<Domain> open(const Plan& plan);
  /// Whether something carries the lab's name: all of it, or what is left.
  static bool anything_of(const Plan& plan);
  /// Removes whatever carries the lab's name, recorded or not. Does not fail.
  static void down(const Plan& plan);

  const Plan& plan() const { return plan_; }
  /// Everything runs that belongs to it; daemons: only if wanted, or if there ever were any.
  bool healthy(bool daemons = false) const;
  bool in_use() const;  ///< something runs in it, and it is not what a demo left behind
  platform::Json status() const;
  const std::string& virtual_address() const { return state_.virtual_address; }

  /// One command to a daemon's control socket.
  Result<platform::Json> call(std::string_view daemon, std::string_view command,
                              const platform::Json& arguments = platform::Json::object()) const;

  /// A daemon's file becomes what `change` makes of it. One that runs goes by it when told to (`reload`).
  Result<void> change_file(std::string_view daemon,
                           const std::function<std::string(std::string)>& change) const;

  struct LinkChange {
    Nanoseconds begun, done;
  };
  /// Of an emulated link: "up", "down" (no carrier at both ends) or "silent" (a carrier, and no frame
  /// arrives).
  Result<LinkChange> set_link(std::string_view link, const std::string& state) const;
  Result<platform::Json> link_status(const LinkPlan& link) const;

  /// All of them, and waits until both links are attached and the mobile node has its address.
  Result<void> start_daemons(const UpOptions& options);
  Result<void> start_daemon(const DaemonPlan& daemon);
  /// SIGKILL: no goodbye.
  Result<void> kill_daemon(std::string_view name);
  Result<void> wait_for_control(std::string_view daemon) const;

 private:
  explicit Domain(Plan plan) : plan_(std::move(plan)) {}
  bool has_daemons() const;
  Result<void> build(const UpOptions& options);
  Result<void> add_nodes();
  Result<void> add_links();
  Result<void> start_wire(const LinkPlan& link, const std::string& engine);
  /// "daemon-ended": there is nobody left to wait for.
  Result<void> answers_or_ended(const std::string& process, const std::string& what,
                                const std::function<bool()>& answers) const;
  Result<void> wait_for_attachment();
  Result<void> record(const std::string& name, pid_t pid);

  Plan plan_;
  LabState state_;
};

}  // namespace flowmob::lab
