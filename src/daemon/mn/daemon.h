// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/mn/flow_choices.h"
#include "core/mn/logical_interface.h"
#include "daemon/config/settings.h"
#include "daemon/host/capture_service.h"
#include "daemon/host/drop_monitor.h"
#include "daemon/host/host.h"
#include "daemon/host/link_watch.h"
#include "daemon/host/nd_ports.h"
#include "daemon/host/options.h"
#include "daemon/host/pump.h"
#include "daemon/mn/address_guard.h"
#include "daemon/mn/effects.h"
#include "daemon/mn/members.h"
#include "platform/cgroup_watch.h"
#include "platform/dataplane/vif_dataplane.h"
#include "platform/netlink.h"
#include "platform/user_watch.h"

namespace flowmob::daemon {

/// flowmob-mnd: a LogicalInterface with all that it needs around it.
class MnDaemon {
 public:
  /// A virtual interface that a predecessor left is taken over as it stands, with its addresses and flows.
  static Result<std::unique_ptr<MnDaemon>> start(const Options& options);
  /// Until SIGTERM or SIGINT. The virtual interface, its addresses and its data plane stay: a restart,
  /// planned or not, breaks no connection. `--teardown` removes them.
  void run() { host_->run(); }

  /// All is as it was before the first start. Refused while a daemon runs. "bad-record": members may not be
  /// what they were, for what that was is not known.
  static Result<void> teardown(const Options& options);

 private:
  MnDaemon(std::filesystem::path file, MnSettings settings)
      : file_(std::move(file)), settings_(std::move(settings)), choices_(settings_.flows) {}
  Result<void> open();
  Result<void> bring_up();
  Result<void> take_over();
  Result<void> serve();
  /// The start failed. `first`: there was no predecessor whose work goes on.
  void undo_start();
  Result<void> add_commands();
  Result<void> monitor_drops();
  Result<void> serve_captures();
  Result<void> reload();

  core::MemberConfig* find(const std::string& interface);

  // Members that come and go (membership.cc).
  Result<core::Json> add_member(const core::Json& arguments);
  Result<core::Json> remove_member(const core::Json& arguments);
  Result<core::Json> prefer_members(const core::Json& arguments);
  /// Those that are named; whoever is not in use yet has to be fit for it. Without `take_over` one with a
  /// global address is not. Nothing is changed by a refusal.
  Result<void> change_members(core::MnConfig wanted, Duration drain, bool take_over);
  Result<void> begin_member(const platform::Link& link);
  void go_back_to(const std::vector<core::MemberConfig>& before);
  Result<void> use_members(core::MnConfig config, Duration drain);
  void note_members();
  Result<void> release_member(const core::RemoveMember& gone);
  /// Whether a restart would find these members, in this order, in the file.
  bool is_saved() const;
  /// With what the kernel's link can carry.
  bool has_carrier(const platform::Link& link);

  void member_changed(const std::string& name, const std::optional<platform::Link>& link);
  void member_lost(const std::string& name);
  Result<void> member_returned(const platform::Link& link);
  void port_changed(const platform::Link& link);
  void interface_changed(const std::optional<platform::Link>& link);
  Result<void> make_interface_anew();
  Result<void> take_members();
  bool is_unfit(const platform::Link& link);

  Result<core::Json> ask(std::string_view command, const core::Json& arguments);
  Result<core::Json> statistics();
  Result<core::Json> apply_word(Result<core::Json> (core::FlowChoices::*word)(const core::Json&),
                                const core::Json& arguments);
  Result<core::Json> move_flow(core::Json arguments);
  Result<core::Json> release_flow(core::Json arguments);
  void explain(const core::Json& arguments, const platform::ControlServer::Reply& reply);
  Result<core::Json> explain_to(const core::Json& asked, std::optional<std::uint32_t> uid);
  Result<core::Json> show_flows(const core::Json& arguments) const;

  // The node's word on flows (rules.cc).
  /// Selectors, senders and members of rules and commands, as they are now. All of them or none, and then the
  /// former ones hold.
  Result<void> apply_choices();
  void configure_choices();
  std::vector<dataplane::VifRule> rules() const;
  void user_changed(const std::string& name, std::optional<std::uint32_t> uid);
  void rules_changed();
  void cgroups_changed(const platform::CgroupWatch::Ids& before, const platform::CgroupWatch::Ids& now);

  std::filesystem::path file_;
  MnSettings settings_;
  core::FlowChoices choices_;
  std::vector<core::FlowChoices::Row> rows_;  ///< of them that hold in the data plane
  std::vector<std::string> members_;          ///< by number, also those that leave; empty: nobody has it
  std::set<std::string> watched_users_;       ///< whom rules name
  std::set<std::string> with_small_mtu_;      ///< links that cannot carry IPv6
  std::uint64_t small_mtus_ = 0;
  bool interface_up_ = true;
  bool has_predecessor_ = false;
  bool interface_taken_ = false;
  std::set<InterfaceIndex> foreign_ports_;       ///< which were told
  std::map<std::string, InterfaceIndex> unfit_;  ///< what cannot be a port, as was seen
  // In the order in which they need each other.
  std::unique_ptr<Host> host_;
  std::optional<platform::Netlink> netlink_;
  std::unique_ptr<AddressGuard> guard_;
  std::optional<VirtualInterface> interface_;
  std::optional<MemberInterfaces> interfaces_;
  std::unique_ptr<platform::CgroupWatch> cgroups_;
  std::unique_ptr<platform::UserWatch> users_;
  std::unique_ptr<dataplane::VifDataplane> dataplane_;
  std::unique_ptr<core::LogicalInterface> logical_;
  std::unique_ptr<NdPorts> ports_;
  std::unique_ptr<MnEffects> effects_;
  std::unique_ptr<Pump<core::LogicalInterface, core::MnEffect>> pump_;
  std::unique_ptr<LinkWatch> member_watch_;
  std::unique_ptr<LinkWatch> interface_watch_;
  std::unique_ptr<DropMonitor> drops_;
  std::unique_ptr<CaptureService> captures_;
};

}  // namespace flowmob::daemon
