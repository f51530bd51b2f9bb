// SPDX-License-Identifier: Apache-2.0
#include "core/mn/logical_interface.h"

#include <algorithm>

#include "core/mn/lifetime.h"
#include "core/mn/logical_interface_impl.h"
#include "core/mn/member_numbers.h"
#include "core/mn/own_address.h"
#include "wire/multicast_listener.h"

namespace flowmob::core {
namespace {

/// Of questions: the watch's, and above them the check's, and those to everybody.
constexpr EffectId watch_id(const MemberState& member) { return EffectId{member.number + 1}; }
constexpr EffectId check_id(const MemberState& member) { return EffectId{(1ULL << 32) + member.number}; }
constexpr EffectId search_id(const MemberState& member) { return EffectId{(2ULL << 32) + member.number}; }

bool is_other(const std::optional<MemberState::Router>& former, const MemberState::Router& router) {
  return former && (former->address != router.address || former->mac != router.mac);
}

}  // namespace

LogicalInterface::Impl::Impl(MnConfig config)
    : config_(std::move(config)), addresses_(config_.mac.eui64_interface_id()) {
  (void)number_members(config_.members, {});  // a file has no more of them
  for (const MemberConfig& member : config_.members) {
    members_.push_back(MemberState::added(member));
    members_.back().carrier.reset();
  }
}

MemberState* LogicalInterface::Impl::find(InterfaceIndex interface) {
  const auto found = std::ranges::find(members_, interface, [](const auto& m) { return m.config.index; });
  return found == members_.end() || !interface ? nullptr : &*found;
}

MemberState* LogicalInterface::Impl::find(const std::string& interface) {
  const auto found = std::ranges::find(members_, interface, [](const auto& m) { return m.config.interface; });
  return found == members_.end() ? nullptr : &*found;
}

void LogicalInterface::Impl::handle_link(Now now, InterfaceIndex interface, bool up) {
  MemberState* member = find(interface);
  if (member == nullptr) return;
  const bool is_change = member->set_link(now.monotonic, up);
  if (is_change && !member->leaves) notify(up ? "member-up" : "member-down", about(*member));
  if (is_change && up && config_.members_are_ports)
    member->own.start(now.monotonic, member->config.mac);
  else if (is_change)
    member->own.stop();
  if (!up) addresses_.doubt(member->number);
  update(now.monotonic);
}

void LogicalInterface::Impl::handle_neighbor_discovery(Now now, const PacketMeta& meta, ByteView icmpv6) {
  if (hear_of_own(now.monotonic, meta, icmpv6)) return;
  if (take_answer(now.monotonic, meta, icmpv6)) return update(now.monotonic);
  auto advertisement = read_advertisement(meta, icmpv6);
  if (!advertisement && advertisement.error().code == "not-an-advertisement") return;
  ++statistics_.received;
  if (!advertisement) return statistics_.drop(advertisement.error().code);
  MemberState* member = find(meta.interface);
  if (member == nullptr) return statistics_.drop("no-such-member");
  // A link that comes up is solicited on: what was said before that will be said again.
  if (!member->up()) return statistics_.drop("member-down");
  if (member->leaves) return statistics_.drop("member-leaving");
  if (member->config.raw_ip) advertisement->mac = kMadeUpRouterMac;  // whatever it says: none is seen here
  if (const auto why = member->admit(now.monotonic, *advertisement)) {
    statistics_.drop(*why);
    check_address(now.monotonic, *member);
    return update(now.monotonic);
  }
  ++statistics_.accepted;
  const bool was_live = member->live();
  const auto former = member->router;
  member->hear(now.monotonic, *advertisement, config_.solicitation_interval);
  if (member->live()) member->watch.start(now.monotonic, config_.router_probe_interval);
  if (advertisement->mtu_too_small) statistics_.drop("advertised-mtu");
  for (const auto& prefix : advertisement->prefixes)
    if (const auto why = addresses_.advertise(now.monotonic, member->number, prefix)) statistics_.drop(*why);
  if (member->live() != was_live) {
    Json fields = member->live() ? about_router(*member) : about(*member);
    fields["router"] = meta.source.to_string();
    notify(member->live() ? "router-discovered" : "router-lost", std::move(fields));
  } else if (member->live() && is_other(former, *member->router)) {
    notify("router-changed", about_router(*member));
  }
  if (member->live()) taken_over_ = false;
  update(now.monotonic);
}

void LogicalInterface::Impl::adopt_address(Now now, const EnsureAddress& address) {
  addresses_.adopt(now.monotonic, address);
  taken_over_ = true;
  // It stands already: only what differs later is asked for.
  for (const auto& standing : addresses_.standing(now.monotonic, [](std::uint32_t) { return false; }))
    if (standing.address == address.address) told_.addresses[address.address] = standing;
}

void LogicalInterface::Impl::handle_timeout(Now now) {
  let_go(now.monotonic);
  for (MemberState& member : members_) {
    if (member.leaves) continue;
    if (member.expire(now.monotonic)) notify("router-lost", about(member));
    watch_router(now.monotonic, member);
    check_address(now.monotonic, member);
  }
  update(now.monotonic);
}

/// Whether it was a question that is ours to answer.
bool LogicalInterface::Impl::answer_neighbor(TimePoint now, MemberState& member, const PacketMeta& meta,
                                             ByteView icmpv6) {
  const auto own = member.own.address();
  const auto answer = own ? answer_about(member.config, *own, meta, icmpv6) : std::nullopt;
  if (!answer) return false;
  if (!member.questions.allow(now)) {
    statistics_.drop("question-rate");
    return true;
  }
  ++statistics_.answered;
  ask(*answer);
  return true;
}

/// Whether it was about a port's own address, or its group. What it has said itself tells nothing, if some
/// bridge sends it back.
bool LogicalInterface::Impl::hear_of_own(TimePoint now, const PacketMeta& meta, ByteView icmpv6) {
  MemberState* member = config_.members_are_ports ? find(meta.interface) : nullptr;
  if (member == nullptr || !member->up() || meta.link_source == member->config.mac) return false;
  if (!icmpv6.empty() && icmpv6.front() == wire::kListenerQuery) {
    if (!member->questions.allow(now))
      statistics_.drop("question-rate");
    else if (!member->own.hear_query(now, meta, icmpv6))
      statistics_.drop("group-query");
    speak_of_own(now);
    return true;
  }
  if (member->own.is_conflict(meta, icmpv6)) return give_up_own(now, *member);
  return answer_neighbor(now, *member, meta, icmpv6);
}

bool LogicalInterface::Impl::give_up_own(TimePoint now, MemberState& member) {
  Json fields = about(member);
  fields["address"] = member.own.tentative()->to_string();
  const auto next = member.own.give_up(now);
  fields["next"] = next ? Json(next->to_string()) : Json();
  notify("member-address-conflict", std::move(fields));
  speak_of_own(now);
  return true;
}

void LogicalInterface::Impl::speak_of_own(TimePoint now) {
  for (MemberState& member : members_)
    for (auto& said : member.own.handle_due(now, member.config.index)) ask(std::move(said));
}

/// Whether it was one.
bool LogicalInterface::Impl::take_answer(TimePoint now, const PacketMeta& meta, ByteView icmpv6) {
  MemberState* member = find(meta.interface);
  if (member == nullptr || !member->can_be_used() || !member->router) return false;
  const auto said = answer_of(member->router->address, meta, icmpv6);
  if (!said) return false;
  ++statistics_.answers;
  if (member->hear_answer(now, *said)) notify("router-answers", about(*member));
  check_address(now, *member);
  return true;
}

/// While there is no address to ask from nobody is asked.
bool LogicalInterface::Impl::can_ask(const MemberState& member) const {
  return !config_.members_are_ports || member.own.address();
}

void LogicalInterface::Impl::ask_router(const MemberState& member, EffectId id) {
  const MemberConfig& config = member.config;
  const Ipv6Address& router = member.router->address;
  AskRouter question{config.index, config.mac, router, member.router->mac, router, config.raw_ip};
  if (id == search_id(member)) {
    question.destination = solicited_node(router);
    question.router_mac = mac_of_group(question.destination);
  }
  if (config_.members_are_ports) question.source = member.own.address();
  effects_.push_back({id, question});
  ++statistics_.questions;
}

void LogicalInterface::Impl::watch_router(TimePoint now, MemberState& member) {
  const auto step = member.watch.handle_due(now, config_.router_probe_interval, config_.router_probes);
  if (step == RouterWatch::Step::Wait || !member.router) return;
  if (!can_ask(member)) return member.watch.not_asked();
  ask_router(member, watch_id(member));
  // RFC 4861 section 7.3.3: it is not where it was, perhaps, and has told nobody.
  if (member.search(now)) ask_router(member, search_id(member));
  if (step != RouterWatch::Step::FellSilent) return;
  member.fall_silent(now, config_.solicitation_interval);
  notify("router-silent", about(member));
}

void LogicalInterface::Impl::check_address(TimePoint now, MemberState& member) {
  switch (member.check.handle_due(now)) {
    case AddressCheck::Step::Wait:
      return;
    case AddressCheck::Step::Ask:
      return can_ask(member) ? ask_router(member, check_id(member)) : member.check.not_asked();
    case AddressCheck::Step::Take:
      member.take_address(now);
      if (member.live()) member.watch.start(now, config_.router_probe_interval);
      return notify("router-changed", about_router(member));
  }
}

void LogicalInterface::Impl::handle_effect_result(EffectId id, const Result<void>& outcome) {
  const auto member = std::ranges::find_if(
      members_, [&](const auto& m) { return watch_id(m) == id || check_id(m) == id || search_id(m) == id; });
  if (outcome || member == members_.end()) return;
  if (id == check_id(*member))
    member->check.not_asked();
  else if (id == watch_id(*member))
    member->watch.not_asked();
  --statistics_.questions;
}

void LogicalInterface::Impl::reinstall(Now now) {
  told_ = {};
  update(now.monotonic);
}

std::optional<TimePoint> LogicalInterface::Impl::poll_timeout() const {
  TimePoint first = addresses_.next_expiry().value_or(kNever);
  for (const MemberState& member : members_) first = std::min(first, member.deadline().value_or(kNever));
  if (first == kNever) return std::nullopt;
  return first;
}

std::optional<MnEffect> LogicalInterface::Impl::poll_effect() {
  if (effects_.empty()) return std::nullopt;
  MnEffect effect = std::move(effects_.front());
  effects_.pop_front();
  return effect;
}

LogicalInterface::LogicalInterface(MnConfig config) : impl_(std::make_unique<Impl>(std::move(config))) {}
LogicalInterface::~LogicalInterface() = default;

const MnConfig& LogicalInterface::config() const { return impl_->config(); }
void LogicalInterface::handle_link(Now now, InterfaceIndex interface, bool up) {
  impl_->handle_link(now, interface, up);
}
void LogicalInterface::handle_neighbor_discovery(Now now, const PacketMeta& meta, ByteView icmpv6) {
  impl_->handle_neighbor_discovery(now, meta, icmpv6);
}
void LogicalInterface::adopt_address(Now now, const EnsureAddress& address) {
  impl_->adopt_address(now, address);
}
Result<Json> LogicalInterface::handle_command(Now now, std::string_view command, const Json&) {
  if (command == "show links") return impl_->links(now);
  if (command == "show statistics") return impl_->statistics();
  return fail("no-such-command", "a mobile node's core does not know \"" + std::string(command) + "\"");
}
void LogicalInterface::handle_timeout(Now now) { impl_->handle_timeout(now); }
void LogicalInterface::reinstall(Now now) { impl_->reinstall(now); }
Result<void> LogicalInterface::reconfigure(Now now, MnConfig config, Duration drain) {
  return impl_->reconfigure(now, std::move(config), drain);
}
void LogicalInterface::handle_effect_result(Now, EffectId id, const Result<void>& outcome) {
  impl_->handle_effect_result(id, outcome);
}
std::optional<TimePoint> LogicalInterface::poll_timeout() const { return impl_->poll_timeout(); }
std::optional<MnEffect> LogicalInterface::poll_effect() { return impl_->poll_effect(); }

}  // namespace flowmob::core
