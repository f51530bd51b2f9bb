// SPDX-License-Identifier: Apache-2.0
// The node's own word on flows, and what of it holds: cgroups come and go, users are found.
#include <spdlog/spdlog.h>

#include "core/mn/member_numbers.h"
#include "daemon/mn/daemon.h"

namespace flowmob::daemon {
namespace {

using Ids = platform::CgroupWatch::Ids;

/// Of `some` those that `others` has not, or another one in their place.
std::vector<std::string> missing_in(const Ids& others, const Ids& some) {
  std::vector<std::string> missing;
  for (const auto& [path, id] : some)
    if (const auto found = others.find(path); found == others.end() || found->second != id)
      missing.push_back(path);
  return missing;
}

}  // namespace

void MnDaemon::configure_choices() {
  choices_.configure(settings_.flows);
  cgroups_->watch(choices_.cgroups());
  choices_.set_cgroups(cgroups_->ids());
  if (auto users = choices_.users(); users != watched_users_)
    users_->watch(watched_users_ = std::move(users));
  choices_.set_users(users_->uids());
}

std::vector<dataplane::VifRule> MnDaemon::rules() const {
  std::vector<dataplane::VifRule> rules;
  for (const auto& row : choices_.rows()) {
    const auto& [users, cgroup] = row.sender;
    dataplane::VifSender sender{.cgroup_id = row.cgroup_id, .is_nobody = !row.missing.empty()};
    if (users) sender.uids = users->uids;
    if (!cgroup.empty()) sender.cgroup = cgroups_->directory(cgroup);
    rules.push_back({row.selector, row.prefer, row.shares, row.is_absent, std::move(sender)});
  }
  return rules;
}

Result<void> MnDaemon::apply_choices() {
  settings_.flows.members = core::names_by_number(settings_.core.members);
  configure_choices();
  auto wanted = rules();
  auto written = wanted == dataplane_->rules() ? Result<void>{} : dataplane_->set_rules(std::move(wanted));
  if (written) rows_ = choices_.rows();
  return written;
}

void MnDaemon::cgroups_changed(const Ids& before, const Ids& now) {
  for (const auto& path : missing_in(now, before)) host_->notify("cgroup-gone", {{"cgroup", path}});
  for (const auto& path : missing_in(before, now)) host_->notify("cgroup-appeared", {{"cgroup", path}});
  rules_changed();
}

void MnDaemon::user_changed(const std::string& name, std::optional<std::uint32_t> uid) {
  if (uid)
    host_->notify("user-found", {{"user", name}, {"uid", *uid}});
  else
    host_->notify("user-unknown", {{"user", name}});
  rules_changed();
}

void MnDaemon::rules_changed() {
  if (!dataplane_) return;
  if (const auto applied = apply_choices(); !applied) spdlog::error("rules: {}", applied.error().message);
}

}  // namespace flowmob::daemon
