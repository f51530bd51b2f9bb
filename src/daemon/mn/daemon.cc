// SPDX-License-Identifier: Apache-2.0
#include "daemon/mn/daemon.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "daemon/config/load.h"
#include "daemon/host/main.h"
#include "daemon/mn/members.h"
#include "daemon/mn/virtual_interface.h"

namespace flowmob::daemon {
namespace {

using namespace std::chrono_literals;
using platform::Link;

/// How soon a lost carrier is noticed: it is part of every gap that a hard failure makes.
constexpr Duration kMemberPoll = 2ms;

std::vector<dataplane::VifRule> to_rules(const std::vector<core::FlowChoices::Row>& rows) {
  std::vector<dataplane::VifRule> rules;
  for (const auto& row : rows) rules.push_back({row.selector, row.prefer, row.shares});
  return rules;
}

dataplane::VifDataplaneOptions dataplane_options(const MnSettings& settings) {
  dataplane::VifDataplaneOptions options;
  options.bpf_dir = settings.paths.bpf;
  options.interface = settings.core.interface;
  for (const auto& member : settings.core.members) options.members.push_back(member.interface);
  options.rules = to_rules(core::FlowChoices(settings.flows).rows());
  return options;
}

Result<void> remove_all(platform::Netlink& netlink, const MnSettings& settings) {
  return dataplane::VifDataplane::teardown(dataplane_options(settings)).and_then([&] {
    return VirtualInterface::remove(netlink, settings.core.interface);
  });
}

core::MemberConfig* find(core::MnConfig& config, const std::string& interface) {
  const auto found = std::ranges::find(config.members, interface, &core::MemberConfig::interface);
  return found == config.members.end() ? nullptr : &*found;
}

}  // namespace

Result<std::unique_ptr<MnDaemon>> MnDaemon::start(const Options& options) {
  auto settings = config::load_mn(options.config, on_this_machine());
  if (!settings) return tl::unexpected(config::to_error(settings.error()));
  std::unique_ptr<MnDaemon> daemon(new MnDaemon(options.config, std::move(*settings)));
  if (auto opened = daemon->open(); !opened) return tl::unexpected(opened.error());
  const bool first = !daemon->netlink_->link(daemon->settings_.core.interface);
  auto started = daemon->bring_up().and_then([&] { return daemon->take_over(); }).and_then([&] {
    return daemon->serve();
  });
  if (started) return daemon;
  if (first) (void)remove_all(*daemon->netlink_, daemon->settings_);  // why it failed is worth more
  return tl::unexpected(started.error());
}

/// What may fail before anything is touched.
Result<void> MnDaemon::open() {
  auto host = Host::create(platform::DaemonRole::Mn, {settings_.paths.control, {}});
  if (!host) return tl::unexpected(host.error());
  host_ = std::move(*host);
  auto netlink = platform::Netlink::open();
  if (!netlink) return tl::unexpected(netlink.error());
  netlink_.emplace(std::move(*netlink));
  return resolve_members(*netlink_, settings_.core);
}

Result<void> MnDaemon::bring_up() {
  for (const auto& member : settings_.core.members) {
    members_.push_back(member.interface);
    auto prepared = netlink_->link(member.interface).and_then([&](const Link& link) {
      return prepare_member(*netlink_, link);
    });
    if (!prepared) return prepared;
  }
  auto made = VirtualInterface::ensure(*netlink_, settings_.core.interface, settings_.core.mac);
  if (!made) return tl::unexpected(made.error());
  auto dataplane = dataplane::VifDataplane::open(dataplane_options(settings_));
  if (!dataplane) return tl::unexpected(dataplane.error());
  dataplane_ = std::move(*dataplane);
  return {};
}

Result<void> MnDaemon::take_over() {
  auto link = netlink_->link(settings_.core.interface);
  if (!link) return tl::unexpected(link.error());
  auto addresses = netlink_->addresses(link->index);
  if (!addresses) return tl::unexpected(addresses.error());

  logical_ = std::make_unique<core::LogicalInterface>(settings_.core);
  ports_ = std::make_unique<NdPorts>(host_->loop(), [this](const core::PacketMeta& meta, ByteView icmpv6) {
    pump_->feed([&](Now now) { logical_->handle_neighbor_discovery(now, meta, icmpv6); });
  });
  effects_ =
      std::make_unique<MnEffects>(MnEffects::System{*host_, *ports_, *netlink_, *dataplane_}, members_);
  effects_->set_interface(link->index);
  std::vector<Ipv6Prefix> sources;
  for (const auto& a : *addresses)
    if (a.prefix_length == 64) sources.push_back(Ipv6Prefix::truncated(a.address, 64));
  if (auto done = dataplane_->forget_sources_but(sources); !done) return done;
  pump_ = std::make_unique<Pump<core::LogicalInterface, core::MnEffect>>(
      host_->loop(), *logical_, [this](const core::MnEffect& effect) { return effects_->carry_out(effect); });
  pump_->feed([&](Now now) {
    for (const auto& a : *addresses) {
      if (a.address.is_link_local()) continue;
      logical_->adopt_address(now, {a.address, a.prefix_length, a.valid_lifetime, a.preferred_lifetime});
      spdlog::info("{} keeps {}", settings_.core.interface, a.address.to_string());
    }
  });
  return {};
}

Result<void> MnDaemon::serve() {
  auto members = LinkWatch::open(host_->loop(), {members_, kMemberPoll});
  if (!members) return tl::unexpected(members.error());
  member_watch_ = std::move(*members);
  auto interface = LinkWatch::open(host_->loop(), {{settings_.core.interface}, {}});
  if (!interface) return tl::unexpected(interface.error());
  interface_watch_ = std::move(*interface);
  return add_commands()
      .and_then([&] {
        return interface_watch_->start(
            [this](const std::string&, const std::optional<Link>& link) { interface_changed(link); });
      })
      .and_then([&] {
        return member_watch_->start(
            [this](const std::string& name, const std::optional<Link>& link) { member_changed(name, link); });
      })
      .map([&] { spdlog::info("mobile node {} is ready", settings_.core.name); });
}

void MnDaemon::member_changed(const std::string& name, const std::optional<Link>& link) {
  core::MemberConfig* member = find(settings_.core, name);
  if (member == nullptr) return;
  if (!link) {
    spdlog::warn("{} is gone", name);
    pump_->feed([&](Now now) { logical_->handle_link(now, member->index, false); });
    ports_->close(member->index);
    member->index = {};  // the next one is another one, even if it has the same index
    return;
  }
  const bool is_new = member->index != link->index || member->mac != link->mac;
  auto ready = is_new ? member_returned(*link) : ports_->open(link->index);
  if (!ready) {
    member->index = {};  // the next change of its link tries again
    return spdlog::error("{}: {}", name, ready.error().message);
  }
  pump_->feed([&](Now now) { logical_->handle_link(now, link->index, link->carrier); });
}

/// To the kernel an interface that comes back is another one: without our programs and settings.
Result<void> MnDaemon::member_returned(const Link& link) {
  core::MemberConfig* member = find(settings_.core, link.name);
  ports_->close(member->index);
  member->index = link.index;
  member->mac = link.mac;
  auto known = pump_->feed([&](Now now) { return logical_->reconfigure(now, settings_.core); });
  if (!known) return known;
  // Another member may be missing; it gets its program when it comes back.
  if (const auto attached = dataplane_->attach(); !attached) spdlog::warn("{}", attached.error().message);
  return prepare_member(*netlink_, link).and_then([&] { return ports_->open(link.index); });
}

/// Addresses and routes go when an interface is removed or set down.
void MnDaemon::interface_changed(const std::optional<Link>& link) {
  const bool was_up = std::exchange(interface_up_, link && link->up);
  if (!link) {
    spdlog::warn("{} was removed: making it anew", settings_.core.interface);
    const auto made = make_interface_anew();
    if (!made) spdlog::error("{}: {}", settings_.core.interface, made.error().message);
  } else if (link->up && !was_up) {
    effects_->set_interface(link->index);
    pump_->feed([&](Now now) { logical_->reinstall(now); });
  }
}

/// What is to stand on it is asked for when the watch says that it is up.
Result<void> MnDaemon::make_interface_anew() {
  auto made = VirtualInterface::ensure(*netlink_, settings_.core.interface, settings_.core.mac);
  if (!made) return tl::unexpected(made.error());
  return dataplane_->refresh_interface().and_then([&] { return dataplane_->attach(); });
}

Result<void> MnDaemon::reload() {
  // Members may be missing for the moment.
  auto loaded = config::load_mn(file_);
  if (!loaded) return tl::unexpected(config::to_error(loaded.error()));
  if (loaded->paths != settings_.paths)
    return fail("needs-restart", "paths cannot change while the daemon runs");
  if (loaded->core.mac.is_zero()) loaded->core.mac = settings_.core.mac;
  for (auto& member : loaded->core.members) {
    if (const auto* known = find(settings_.core, member.interface)) {
      member.index = known->index;
      member.mac = known->mac;
    }
  }
  auto done = pump_->feed([&](Now now) { return logical_->reconfigure(now, loaded->core); });
  if (!done) return done;
  settings_ = std::move(*loaded);
  // Numbers are by the order of members as the daemon started.
  auto flows = settings_.flows;
  flows.members = members_;
  choices_.configure(std::move(flows));
  return apply_choices();
}

Result<void> MnDaemon::apply_choices() {
  auto rules = to_rules(choices_.rows());
  return rules == dataplane_->rules() ? Result<void>{} : dataplane_->set_rules(std::move(rules));
}

Result<void> MnDaemon::teardown(const Options& options) {
  const auto settings = config::load_mn(options.config);
  if (!settings) return tl::unexpected(config::to_error(settings.error()));
  const auto host = Host::create(platform::DaemonRole::Mn, {settings->paths.control, {}});
  if (!host) return tl::unexpected(host.error());
  auto netlink = platform::Netlink::open();
  if (!netlink) return tl::unexpected(netlink.error());
  return remove_all(*netlink, *settings);
}

}  // namespace flowmob::daemon
