// SPDX-License-Identifier: Apache-2.0
#include "daemon/mn/daemon.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>

#include "core/mn/member_numbers.h"
#include "daemon/config/load.h"
#include "daemon/host/main.h"
#include "daemon/mn/member_link.h"
#include "daemon/mn/virtual_interface.h"
#include "platform/sysctl.h"
#include "platform/user.h"

namespace flowmob::daemon {
namespace {

using namespace std::chrono_literals;
using platform::Link;

/// How soon a lost carrier is noticed: it is part of every gap that a hard failure makes.
constexpr Duration kMemberPoll = 2ms;

/// At the start, so that flows of a predecessor's need not move to and fro; then rules by users whom the name
/// service has not found yet have to wait.
constexpr Duration kUsersMayTake = 2s;

dataplane::VifDataplaneOptions dataplane_options(const MnSettings& settings) {
  dataplane::VifDataplaneOptions options;
  options.bpf_dir = settings.paths.bpf;
  options.interface = settings.core.interface;
  options.members = core::names_by_number(settings.core.members);
  options.has_ports = settings.backend != VifBackend::Veth;
  options.link_local = core::link_local_of_vif(settings.core.mac);
  return options;
}

VirtualInterface virtual_interface(platform::Netlink& netlink, const MnSettings& settings) {
  return VirtualInterface(netlink, {settings.core.interface, settings.core.mac, settings.backend,
                                    FormerFile::of_device_beside(settings.paths.control)});
}

std::vector<std::string> names_of(const std::vector<core::MemberConfig>& members) {
  std::vector<std::string> names;
  for (const auto& member : members) names.push_back(member.interface);
  return names;
}

/// `is_ours`: the virtual interface was taken, by us or a predecessor.
Result<void> remove_all(platform::Netlink& netlink, const MnSettings& settings, bool is_ours) {
  const auto ended = dataplane::VifDataplane::teardown(dataplane_options(settings));
  const auto removed = virtual_interface(netlink, settings).remove(is_ours);
  return ended ? removed : ended;
}

/// Those that are named have been given back, as far as that is known.
Result<void> say_what_is_not_known(const Result<void>& loaded, const std::vector<std::string>& assumed) {
  if (assumed.empty()) return loaded;
  return fail("bad-record",
              fmt::format("{}how {} {} before is not known: the kernel's defaults are set, and addresses "
                          "and routes of then are not there",
                          loaded ? "" : loaded.error().message + ": ", fmt::join(assumed, ", "),
                          assumed.size() == 1 ? "was" : "were"));
}

/// What is there is what the record says, where there is one.
void use_recorded(platform::Netlink& netlink, MnSettings& settings) {
  const auto there = virtual_interface(netlink, settings).on_record();
  if (!there) return;
  settings.core.interface = there->name;
  settings.backend = there->backend;
}

/// Each with its number: where a predecessor left packets going, its own. Those of others that it left have
/// flows.
Result<void> number_all(MnSettings& settings, const std::vector<dataplane::Member>& predecessors) {
  std::set<std::uint32_t> taken;
  for (const auto& former : predecessors) taken.insert(former.number);
  return core::number_members(settings.core.members, taken).map([&] {
    settings.flows.members = core::names_by_number(settings.core.members);
  });
}

}  // namespace

core::MemberConfig* MnDaemon::find(const std::string& interface) {
  auto& members = settings_.core.members;
  const auto found = std::ranges::find(members, interface, &core::MemberConfig::interface);
  return found == members.end() ? nullptr : &*found;
}

Result<std::unique_ptr<MnDaemon>> MnDaemon::start(const Options& options) {
  auto settings = config::load_mn(options.config, on_this_machine());
  if (!settings) return tl::unexpected(config::to_error(settings.error()));
  std::unique_ptr<MnDaemon> daemon(new MnDaemon(options.config, std::move(*settings)));
  if (auto opened = daemon->open(); !opened) return tl::unexpected(opened.error());
  auto started = daemon->bring_up().and_then([&] { return daemon->take_over(); }).and_then([&] {
    return daemon->serve();
  });
  if (started) return daemon;
  daemon->undo_start();
  return tl::unexpected(started.error());
}

/// Why the start failed is worth more than why this does.
void MnDaemon::undo_start() {
  const bool first = !has_predecessor_;
  if (first && interface_taken_) (void)remove_all(*netlink_, settings_, true);
  const auto taken = first ? interfaces_->former().known() : interfaces_->former().fresh();
  for (const InterfaceIndex interface : taken) {
    (void)dataplane::VifDataplane::leave(interface);
    interfaces_->restore(interface);
  }
  if (first && interface_taken_) (void)interface_->put_back_settings(true);
}

/// What may fail before anything is touched.
Result<void> MnDaemon::open() {
  auto host = Host::create(platform::DaemonRole::Mn, {settings_.paths.control, {}});
  if (!host) return tl::unexpected(host.error());
  host_ = std::move(*host);
  auto netlink = platform::Netlink::open();
  if (!netlink) return tl::unexpected(netlink.error());
  netlink_.emplace(std::move(*netlink));
  auto guard = AddressGuard::open(host_->loop(), *netlink_, [this](const auto& member, const auto& address) {
    host_->notify("member-address-removed", {{"interface", member}, {"address", address}});
  });
  if (!guard) return tl::unexpected(guard.error());
  guard_ = std::move(*guard);
  cgroups_ = std::make_unique<platform::CgroupWatch>(
      host_->loop(), [this](const auto& before, const auto& now) { cgroups_changed(before, now); });
  users_ = std::make_unique<platform::UserWatch>(
      host_->loop(), [this](const auto& name, auto uid) { user_changed(name, uid); },
      platform::UserWatch::Options{.find = [](std::string_view name) { return platform::find_user(name); }});
  const auto predecessors = dataplane::VifDataplane::left_in(settings_.paths.bpf);
  interface_.emplace(virtual_interface(*netlink_, settings_));
  if (auto same = interface_->check_record(); !same) return same;
  return resolve_members(*netlink_, settings_.core, predecessors)
      .and_then([&] { return number_all(settings_, predecessors); })
      .map([&] {
        // one whose address is a member's is known only now
        interface_.emplace(virtual_interface(*netlink_, settings_));
        interfaces_.emplace(*netlink_, *guard_, *interface_, FormerFile::beside(settings_.paths.control));
        interfaces_->remember(predecessors);
        has_predecessor_ = !predecessors.empty() || !interfaces_->former().known().empty();
      });
}

/// Without IPv6 there is nothing to take: it waits until its MTU is large again.
Result<void> MnDaemon::take_members() {
  for (const auto& member : settings_.core.members) {
    auto taken = netlink_->link(member.interface).and_then([&](const Link& link) {
      return link.mtu >= kSmallestMtu ? interfaces_->take(link) : Result<void>();
    });
    if (!taken) return taken;
  }
  return {};
}

Result<void> MnDaemon::bring_up() {
  members_ = settings_.flows.members;
  configure_choices();
  users_->wait(kUsersMayTake);
  choices_.set_users(users_->uids());
  auto made =
      interface_->ensure(names_of(settings_.core.members), interfaces_->former().known(), has_predecessor_);
  if (!made) return tl::unexpected(made.error());
  interface_taken_ = true;
  if (auto taken = take_members(); !taken) return taken;
  auto options = dataplane_options(settings_);
  options.rules = rules();
  rows_ = choices_.rows();
  auto dataplane = dataplane::VifDataplane::open(options);
  if (!dataplane) return tl::unexpected(dataplane.error());
  dataplane_ = std::move(*dataplane);
  interfaces_->give_back_others(settings_.core.members);
  return {};
}

Result<void> MnDaemon::take_over() {
  auto link = netlink_->link(settings_.core.interface);
  if (!link) return tl::unexpected(link.error());
  auto addresses = netlink_->addresses(link->index);
  if (!addresses) return tl::unexpected(addresses.error());

  logical_ = std::make_unique<core::LogicalInterface>(settings_.core);
  using Hearing = platform::PacketSocket::Hearing;
  ports_ = std::make_unique<NdPorts>(
      host_->loop(),
      [this](const core::PacketMeta& meta, ByteView icmpv6) {
        pump_->feed([&](Now now) { logical_->handle_neighbor_discovery(now, meta, icmpv6); });
      },
      interface_->has_ports() ? Hearing::First : Hearing::AsTheStack);
  effects_ = std::make_unique<MnEffects>(
      MnEffects::System{*host_, *ports_, *netlink_, *interface_, *dataplane_, members_,
                        [this](const core::RemoveMember& gone) { return release_member(gone); }});
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
  auto members = LinkWatch::open(host_->loop(), {names_of(settings_.core.members), kMemberPoll});
  if (!members) return tl::unexpected(members.error());
  member_watch_ = std::move(*members);
  auto interface = LinkWatch::open(
      host_->loop(), {{settings_.core.interface}, {}, [this](const Link& link) { port_changed(link); }});
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
  if (!link) return member_lost(name);
  core::MemberConfig* member = find(name);
  if (member == nullptr || is_unfit(*link)) return;
  const bool is_new = !is_same(*member, *link);
  const bool is_stray = interface_->has_ports() && !interface_->is_port(*link);
  const bool is_large_again = with_small_mtu_.contains(name) && link->mtu >= kSmallestMtu;
  // The kernel has the new MTU a little before it gives the interface IPv6 again.
  if (is_large_again && !platform::get_ipv6(name, platform::Ipv6Setting::AcceptRa))
    return member_watch_->tell_again(name);
  auto ready = is_new ? member_returned(*link) : ports_->open(link->index, header_of(*member));
  // the kernel has given it IPv6 anew, with its own settings
  if (ready && !is_new && (is_large_again || is_stray)) ready = interfaces_->take(*link);
  if (!ready) {
    if (ready.error().code == "cannot-be-port") unfit_[name] = link->index;
    pump_->feed([&](Now now) { logical_->handle_link(now, link->index, false); });
    member->index = {};  // the next change of its link tries again
    return spdlog::error("{}: {}", name, ready.error().message);
  }
  pump_->feed([&](Now now) { logical_->handle_link(now, link->index, has_carrier(*link)); });
}

/// To try again would set it down and up for ever: it waits until it is another interface, or a reload.
bool MnDaemon::is_unfit(const Link& link) {
  const auto known = unfit_.find(link.name);
  if (known != unfit_.end() && known->second != link.index) unfit_.erase(known);
  return unfit_.contains(link.name);
}

/// One that leaves has its programs, whatever its name, until it has left.
void MnDaemon::member_lost(const std::string& name) {
  const auto renamed = interfaces_->lost(name);
  core::MemberConfig* member = find(name);
  if (member == nullptr) return;
  spdlog::warn("{} is gone{}", name, renamed ? ": it is called " + renamed->name + " now" : "");
  pump_->feed([&](Now now) { logical_->handle_link(now, member->index, false); });
  ports_->close(member->index);
  if (renamed) {
    const auto left = dataplane::VifDataplane::leave(renamed->index);
    if (!left) spdlog::error("{}: {}", renamed->name, left.error().message);
    interfaces_->give_back(renamed->index);
  }
  member->index = {};  // the next one is another one, even if it has the same index
}

/// To the kernel an interface that comes back is another one: without our programs and settings.
Result<void> MnDaemon::member_returned(const Link& link) {
  core::MemberConfig* member = find(link.name);
  if (const auto header = link_header(link); !header) return tl::unexpected(header.error());
  ports_->close(member->index);
  identify(*member, link);
  if (auto known = use_members(settings_.core, {}); !known) return known;
  // Another member may be missing; it gets its program when it comes back.
  if (const auto attached = dataplane_->attach(); !attached) spdlog::warn("{}", attached.error().message);
  return interfaces_->take(link).and_then(
      [&] { return ports_->open(link.index, header_of(*find(link.name))); });
}

/// What somebody made a port of the virtual interface while it was in use is cut off, or heard as a member.
/// As it is now: a member that has left was announced as a port before.
void MnDaemon::port_changed(const Link& link) {
  if (!interface_->has_ports() || (!link.master && !foreign_ports_.contains(link.index))) return;
  const auto now = netlink_->link(link.index);
  if (!now || std::ranges::count(members_, now->name) != 0 || !interface_->is_port(*now)) {
    foreign_ports_.erase(link.index);
    return;
  }
  if (!foreign_ports_.insert(link.index).second) return;
  spdlog::warn("{} is a port of {} now and no member: its packets are lost; make it one, or take it out",
               link.name, settings_.core.interface);
  host_->notify("foreign-port", {{"interface", link.name}});
}

/// Addresses and routes go when an interface is removed or set down.
void MnDaemon::interface_changed(const std::optional<Link>& link) {
  const bool was_up = std::exchange(interface_up_, link && link->up);
  if (!link) {
    spdlog::warn("{} was removed: making it anew", settings_.core.interface);
    const auto made = make_interface_anew();
    if (!made) spdlog::error("{}: {}", settings_.core.interface, made.error().message);
  } else if (link->up && !was_up) {
    const auto own = interface_->ensure_link_local(link->index);
    if (!own) spdlog::error("{}: {}", settings_.core.interface, own.error().message);
    effects_->set_interface(link->index);
    pump_->feed([&](Now now) { logical_->reinstall(now); });
  }
}

/// What is to stand on it is asked for when the watch says that it is up.
Result<void> MnDaemon::make_interface_anew() {
  auto made = interface_->ensure(names_of(settings_.core.members), interfaces_->former().known(), true);
  if (!made) return tl::unexpected(made.error());
  // One that is missing for the moment is taken when it comes back.
  if (const auto taken = take_members(); !taken) spdlog::warn("{}", taken.error().message);
  return dataplane_->refresh_interface().and_then([&] { return dataplane_->attach(); });
}

Result<void> MnDaemon::reload() {
  unfit_.clear();
  // Members and users may be missing for the moment.
  auto loaded = config::load_mn(file_);
  if (!loaded) return tl::unexpected(config::to_error(loaded.error()));
  if (loaded->paths != settings_.paths || loaded->backend != settings_.backend ||
      loaded->core.interface != settings_.core.interface)
    return fail("needs-restart",
                "paths, interface and backend cannot change while the daemon runs; stop it, "
                "run `flowmob-mnd --config FILE --teardown`, and start again");
  if (loaded->core.mac.is_zero()) loaded->core.mac = settings_.core.mac;
  for (auto& member : loaded->core.members) {
    if (const auto* known = find(member.interface)) {
      member.index = known->index;
      member.mac = known->mac;
      member.raw_ip = known->raw_ip;
    }
  }
  return change_members(std::move(loaded->core), core::LogicalInterface::kDrain, true).and_then([&] {
    settings_.flows = std::move(loaded->flows);
    auto applied = apply_choices();
    users_->watch(choices_.users());  // all of them, also who had a uid before
    return applied;
  });
}

Result<void> MnDaemon::teardown(const Options& options) {
  auto settings = config::load_mn(options.config);
  if (!settings) return tl::unexpected(config::to_error(settings.error()));
  if (auto numbered = number_all(*settings, {}); !numbered) return numbered;
  const auto host = Host::create(platform::DaemonRole::Mn, {settings->paths.control, {}});
  if (!host) return tl::unexpected(host.error());
  auto netlink = platform::Netlink::open();
  if (!netlink) return tl::unexpected(netlink.error());
  use_recorded(*netlink, *settings);
  FormerStates former(*netlink, FormerFile::beside(settings->paths.control));
  const auto loaded = former.load();
  const auto predecessors = dataplane::VifDataplane::left_in(settings->paths.bpf);
  assume_others(*netlink, former, predecessors);
  const auto assumed = former.assumed();
  const bool is_ours = !predecessors.empty() || !former.known().empty();
  auto done = remove_all(*netlink, *settings, is_ours);
  for (const InterfaceIndex interface : former.known())
    if (auto restored = former.restore(interface); done && !restored) done = restored;
  if (auto restored = virtual_interface(*netlink, *settings).put_back_settings(is_ours); done && !restored)
    done = restored;
  return done ? say_what_is_not_known(loaded, assumed) : done;
}

}  // namespace flowmob::daemon
