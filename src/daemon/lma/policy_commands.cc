// SPDX-License-Identifier: Apache-2.0
// "policy ...": rules for flows that come from files.
#include <spdlog/spdlog.h>

#include "daemon/config/load.h"
#include "daemon/config/value.h"
#include "daemon/host/host.h"
#include "daemon/host/main.h"
#include "daemon/lma/daemon.h"

namespace flowmob::daemon {
namespace {

using core::Json;

Result<config::Policies> policies_in(const Json& arguments, const core::LmaConfig& anchor) {
  auto loaded = config::load_policies(arguments.at("file").get<std::string>(), &anchor);
  if (!loaded) return tl::unexpected(config::to_error(loaded.error()));
  return std::move(*loaded);
}

/// How long a trial lasts; nothing: it is none.
Result<std::optional<Duration>> trial_of(const Json& arguments) {
  const auto found = arguments.find("confirm");
  if (found == arguments.end()) return std::optional<Duration>();
  const auto time = config::parse_duration(found->get<std::string>());
  if (!time || *time <= Duration{} || *time > std::chrono::hours(24))
    return fail("bad-argument", "'confirm' has to be a duration such as 60s, at most 24h");
  return time;
}

}  // namespace

Result<void> LmaDaemon::add_policy_commands() {
  auto& control = host_->control();
  Result<void> added;
  for (const std::string command : {"show policies", "policy explain", "policy confirm"})
    if (added) added = control.handle(command, [this, command](const Json& a) { return ask(command, a); });
  return added
      .and_then(
          [&] { return control.handle("policy diff", [this](const Json& a) { return diff_policies(a); }); })
      .and_then(
          [&] { return control.handle("policy apply", [this](const Json& a) { return apply_policies(a); }); })
      .and_then(
          [&] { return control.handle("policy reload", [this](const Json&) { return reload_policies(); }); });
}

Result<Json> LmaDaemon::diff_policies(const Json& arguments) {
  auto policies = policies_in(arguments, settings_.core);
  if (!policies) return tl::unexpected(policies.error());
  return pump_->feed([&](Now now) { return anchor_->compare_policies(now, *policies); });
}

Result<Json> LmaDaemon::apply_policies(const Json& arguments) {
  auto policies = policies_in(arguments, settings_.core);
  if (!policies) return tl::unexpected(policies.error());
  const auto trial = trial_of(arguments);
  if (!trial) return tl::unexpected(trial.error());
  Json answer =
      pump_->feed([&](Now now) { return anchor_->apply_policies(now, std::move(*policies), *trial); });
  answer["confirm_within_seconds"] =
      *trial ? Json(std::chrono::duration_cast<std::chrono::seconds>(**trial).count()) : Json();
  return answer;
}

/// Of the daemon's own file nothing but the policies.
Result<Json> LmaDaemon::reload_policies() {
  auto loaded = config::load_lma(file_, on_this_machine());
  if (!loaded) return tl::unexpected(config::to_error(loaded.error()));
  return pump_->feed(
      [&](Now now) { return anchor_->apply_policies(now, std::move(loaded->core.flow_policies)); });
}

}  // namespace flowmob::daemon
