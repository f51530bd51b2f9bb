// SPDX-License-Identifier: Apache-2.0
#include "life.h"

#include <fmt/format.h>

#include <algorithm>

#include "life_policies.h"

namespace flowmob::sim {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLifetime = 20s;
/// The longest that a message is under way: held back, jitter, the path, an effect's answer.
constexpr Duration kTransit = 1500ms + 30ms + 5ms + 20ms;
/// Whatever becomes of signalling, an anchor sends to a gateway without the node for a lifetime at most.
constexpr Duration kBelief = kLifetime + kTransit;
/// Three transmissions in a row are lost, with pauses of 1, 2 and 4 s (RFC 5213 section 6.9.4).
constexpr Duration kThreePauses = 1s + 2s + 4s + kTransit;
/// Without faults: the de-registration's way, and what the contract allows for following it.
constexpr Duration kOneWay = 5ms;
constexpr Duration kFollow = 55ms;
/// Lifetime, the longest pause between two PBUs, delete-wait.
constexpr Duration kSettle = 100s;
/// A gateway that blames its own clock tries again after five minutes.
constexpr Duration kClockRetry = 340s;

std::vector<Ipv6Prefix> own_prefixes(std::size_t node, std::size_t count) {
  std::vector<Ipv6Prefix> prefixes;
  for (std::size_t i = 0; i < count; ++i)
    prefixes.push_back(Ipv6Prefix::parse(fmt::format("2001:db8:200:{:x}::/64", 16 * node + i)).value());
  return prefixes;
}

}  // namespace

Life::Life(LifePlan plan)
    : plan_(std::move(plan)), domain_(options(plan_)), checks_(domain_), traffic_(domain_) {
  domain_.world.replay = fmt::format("make sim SEED={}", plan_.seed);
  domain_.network.remembered = 200;
  checks_.lifetimes.longest = kLifetime;
  // What an anchor says that talks nonsense may be believed.
  if (!plan_.has_nonsense) checks_.ownership.longest = kLifetime;
  if (plan_.has_liar) liar_ = std::make_unique<Liar>(domain_);
  checks_.are_links_apart = !plan_.share_prefixes;
  set_faults();
  set_node_rules();
}

DomainOptions Life::options(const LifePlan& plan) {
  DomainOptions options;
  options.seed = plan.seed;
  options.nodes = plan.nodes;
  options.mags = plan.mags;
  options.members = plan.members;
  options.links = plan.links;
  options.mag = [&plan](std::size_t mag, core::MagConfig& config) {
    config.lifetime = kLifetime;
    for (std::size_t i = 0; i < config.accesses.size(); ++i) {
      config.accesses[i].handoff_indicator = plan.handoffs[(mag + i) % plan.handoffs.size()];
      config.accesses[i].observes_flows = plan.nodes_decide;
      if (!plan.gateways_announce) continue;
      config.accesses[i].binding.id = static_cast<std::uint16_t>(1 + mag);
      config.accesses[i].flows = announced_in_life(plan.seed, mag, plan.mags);
    }
  };
  options.lma = [&plan](core::LmaConfig& config) {
    config.max_lifetime = kLifetime;
    config.share_prefixes = plan.share_prefixes;
    if (plan.nodes_decide || plan.gateways_announce) config.decider = core::Decider::Gateways;
    config.flow_policies = policies_of_life(plan.seed);
    config.hold_unknown_handoff = plan.hold_unknown;
    if (plan.seed / 4 % 2 == 0) config.former_gateway_grace = {};
    for (std::size_t node = 0; node < config.mobile_nodes.size(); ++node)
      config.mobile_nodes[node].prefixes = own_prefixes(node, plan.own_prefixes);
    config.pools = {
        Ipv6Prefix::truncated(config.pools.front().address, static_cast<std::uint8_t>(64 - plan.pool_bits))};
    if (plan.has_liar) Liar::permit(config);
  };
  return options;
}

void Life::remember(std::size_t lines) {
  domain_.world.remembered = lines;
  domain_.world.thorough = lines != 0;
}

void Life::set_faults() {
  if (!plan_.is_rough) return;
  checks_.tolerance = kThreePauses;
  checks_.belief = kBelief;
  domain_.network.faults = plan_.faults;
  domain_.access.loss = plan_.access_loss;
  domain_.lma->pump.slowest_answer = plan_.slow_lma;
  for (std::size_t mag = 0; mag < plan_.mags; ++mag) {
    domain_.mags[mag]->pump.slowest_answer = plan_.slow_mags;
    domain_.mags[mag]->pump.clock.wall_skew = plan_.skews[mag];
  }
  if (!plan_.effects_fail) return;
  checks_.rows_may_be_incomplete = true;
  // A request that was refused for want of room may be accepted as its own duplicate: the gateway has given
  // up.
  checks_.tolerance = kBelief;
  domain_.lma->faults.probability = 0.05;
  for (auto& mag : domain_.mags) mag->faults.probability = 0.05;
}

/// Both ends have to know (docs/adr/0059).
void Life::set_node_rules() {
  if (plan_.nodes_decide) return;
  if (plan_.gateways_announce) return set_rules_for_announced();
  for (const auto name : copied_flows(policies_of_life(plan_.seed)))
    for (auto& mn : domain_.mns) mn->tables.copy(*std::ranges::find(Domain::flows(), name, &Flow::name));
}

/// Whoever may get copies of a flow makes some.
void Life::set_rules_for_announced() {
  for (std::size_t mag = 0; mag < plan_.mags; ++mag)
    for (const auto& announced : announced_in_life(plan_.seed, mag, plan_.mags))
      for (auto& mn : domain_.mns)
        if (!announced.also_by.empty())
          mn->tables.copy(*std::ranges::find(Domain::flows(), announced.flow.name, &Flow::name));
}

void Life::start_traffic(Duration interval) {
  for (std::size_t node = 0; node < plan_.nodes; ++node)
    for (const auto& flow : Domain::flows()) traffic_.start(node, flow, interval);
}

/// Signalling that is lost while a link comes or goes is made good by retransmission, in the end by expiry.
Duration Life::outage() const { return plan_.is_rough ? kBelief : kOneWay + kFollow; }

void Life::allow_outages(Duration span) {
  for (std::size_t node = 0; node < plan_.nodes; ++node) checks_.allow_outage(node, span);
}

Tally Life::live() {
  domain_.start_all();
  if (promises_nothing()) allow_outages(plan_.turmoil + kClockRetry + kSettle);
  start_traffic(plan_.nodes > 10 ? 2s : 300ms);
  if (!plan_.links_break) {
    allow_outages(plan_.confuses_interfaces() ? 2 * kBelief : outage());
    domain_.plug_all();
  }
  for (const auto& action : plan_.actions)
    domain_.world.queue.at(action.at, [this, &action] {
      if (!is_calm_) act(action);
    });
  run(plan_.turmoil);
  calm_down();
  come_to_rest();
  checks_.require_agreement();
  require_obedience();
  require_announced();
  traffic_.stop();
  domain_.unplug_all();
  run(kSettle);
  checks_.require_empty();
  return domain_.world.tally;
}

void Life::act(const Action& action) {
  domain_.world.trace("test", [&] { return to_string(action); });
  act_on_links(action);
  act_on_machines(action);
  act_on_words(action);
}

void Life::act_on_links(const Action& a) {
  const Port port{a.node, a.member};
  switch (a.kind) {
    case ActionKind::Plug:
      return plug(port, plan_.links == Links::Shared ? a.mag : domain_.home_of(port));
    case ActionKind::Unplug:
      return unplug(port);
    case ActionKind::Fade:
      return fade(port, a.span);
    case ActionKind::Flap:
      return flap(port, a);
    default:
      return;
  }
}

void Life::act_on_machines(const Action& a) {
  switch (a.kind) {
    case ActionKind::KillLma:
      return die(*domain_.lma, a);
    case ActionKind::KillMag:
      // One that dies while it registers a node leaves the anchor with a belief and itself without a record.
      allow_outages(kBelief);
      return die(*domain_.mags[a.mag], a);
    case ActionKind::KillMn:
      return die(*domain_.mns[a.node], a);
    case ActionKind::PowerOff:
      return power(a.mag, a.span, false);
    case ActionKind::LoseRecords:
      return power(a.mag, a.span, true);
    case ActionKind::LmaLosesAll:
      return lose_lma(a.span);
    case ActionKind::StepMagClock:
      return step_mag_clock(a.mag, a.span, a.number);
    case ActionKind::StepLmaClock:
      return step_lma_clock(a.span, a.number);
    default:
      return;
  }
}

void Life::act_on_words(const Action& a) {
  const Port port{a.node, a.member};
  switch (a.kind) {
    case ActionKind::MoveFlow:
      return move_flow(a);
    case ActionKind::Partition:
      return partition(a.mag, a.span);
    case ActionKind::Lie:
      return liar_->lie(a.number, port);
    case ActionKind::ForgeRs:
      // Taking over a link-layer address works where the access network lets it: its owner suffers, and
      // heals.
      if (a.number > 3 && (plan_.links == Links::PerNode || !plan_.is_rough)) return;
      if (!forge_solicitation(domain_, a.number, port, a.mag)) return;
      checks_.allow_outage(a.node, 2 * kBelief);
      domain_.world.queue.after(2s, [this, port, mag = a.mag] {
        const auto at = domain_.access.at(port);
        if (!at || at->mag != mag) domain_.tell_of_departure(port, {mag, domain_.access_index(port)});
      });
      return;
    case ActionKind::Replay:
      return replay(a.number);
    case ActionKind::Nonsense:
      return talk_nonsense(a.span);
    default:
      return;
  }
}

/// An operator's word at a gateway.
void Life::announce(const Action& a) {
  const auto flows = announced_in_life(plan_.seed, a.mag, plan_.mags);
  auto& mag = *domain_.mags[a.mag];
  if (flows.empty() || !mag.is_running()) return;
  const auto command = a.member % 2 == 0 ? "flow announce" : "flow withdraw";
  static_cast<void>(mag.command(command, {{"flow", flows.front().flow.name}, {"mn", Domain::mn_id(a.node)}}));
  domain_.world.touch(a.node);
}

/// A flow that a gateway believes to have goes by a gateway that believes so, or by another link that it
/// names.
void Life::require_announced() const {
  if (!plan_.gateways_announce) return;
  std::map<std::pair<std::string, std::string>, std::set<std::size_t>> believers;  // of a node's flow
  for (std::size_t mag = 0; mag < plan_.mags; ++mag) {
    const auto shown = domain_.mags[mag]->command("show bindings", core::Json::object());
    for (const auto& binding : shown->at("bindings"))
      for (const auto& flow : binding.at("flows")) {
        if (flow.at("state") != "accepted") continue;
        auto& known = believers[{binding.at("mn"), flow.at("flow")}];
        known.insert(mag);
        for (const auto& other : flow.at("also_by")) known.insert(other.get<std::size_t>() - 1);
      }
  }
  for (std::size_t node = 0; node < plan_.nodes; ++node)
    for (const auto& flow : Domain::flows()) {
      const auto known = believers.find({Domain::mn_id(node), std::string(flow.name)});
      const auto down = domain_.walk_down(node, flow);
      if (known == believers.end() || !down.delivered) continue;
      const auto from = domain_.access.at({node, down.member});
      if (!known->second.contains(from->mag))
        domain_.world.broken(
            fmt::format("mn{}: {} comes by mag{}, and another has announced it", node, flow.name, from->mag));
    }
}

void Life::move_flow(const Action& a) {
  if (plan_.gateways_announce) return announce(a);
  static_cast<void>(domain_.move_flow(a.node, "video", a.mag));
  if (!plan_.nodes_decide) return;
  const auto& flow = Domain::flows()[a.mag % 2];
  std::vector<std::size_t> members{a.member};
  for (std::size_t member = 0; member < plan_.members; ++member)
    if (member != a.member) members.push_back(member);
  domain_.mns[a.node]->tables.prefer(flow, std::move(members));
  domain_.world.touch(a.node);
}

/// The downlink of what a node has moved comes by the gateway that it takes, which delivers by prefix.
void Life::require_obedience() const {
  if (!plan_.nodes_decide) return;
  for (std::size_t node = 0; node < plan_.nodes; ++node)
    for (const auto& flow : Domain::flows()) {
      if (!domain_.mns[node]->tables.prefers(flow)) continue;
      const auto up = domain_.walk_up(node, flow), down = domain_.walk_down(node, flow);
      if (!up.delivered || !down.delivered) continue;
      const auto by = domain_.access.at({node, up.member}), from = domain_.access.at({node, down.member});
      if (by->mag != from->mag)
        domain_.world.broken(fmt::format("mn{} sends {} to mag{}, and its downlink comes by mag{}", node,
                                         flow.name, by->mag, from->mag));
    }
}

/// A node that is elsewhere leaves first.
void Life::plug(Port port, std::size_t mag) {
  if (!domain_.mags[mag]->is_powered()) return;
  if (const auto at = domain_.access.at(port)) {
    if (at->mag == mag) return;
    unplug(port);
  }
  if (plan_.is_rough) checks_.allow_outage(port.node, outage());
  // Another interface's session may go with it, until that asks again.
  if (plan_.confuses_interfaces()) checks_.allow_outage(port.node, 2 * kBelief);
  domain_.plug(port, mag);
}

void Life::unplug(Port port) {
  checks_.allow_outage(port.node, outage());
  domain_.unplug(port);
}

/// Nobody says goodbye; the node itself sees it, and may be elsewhere long before its old gateway does.
void Life::fade(Port port, Duration unnoticed) {
  const auto socket = domain_.access.at(port);
  if (!socket) return;
  checks_.allow_outage(port.node, unnoticed + outage());
  domain_.unplug(port, Notice::Silent);
  domain_.mns[port.node]->set_link(port.member, false);
  domain_.world.queue.after(unnoticed, [this, port, socket = *socket] {
    if (domain_.access.at(port) != socket) domain_.tell_of_departure(port, socket);
  });
}

void Life::flap(Port port, const Action& action) {
  const auto socket = domain_.access.at(port);
  if (!socket) return;
  checks_.allow_outage(port.node, 2 * action.span * static_cast<long>(action.number) + outage());
  for (std::uint64_t turn = 0; turn < action.number; ++turn) {
    const auto at = domain_.world.queue.now() + 2 * action.span * static_cast<long>(turn);
    domain_.world.queue.at(at, [this, port] {
      if (!is_calm_) unplug(port);
    });
    domain_.world.queue.at(at + action.span, [this, port, mag = socket->mag] {
      if (!is_calm_) plug(port, mag);
    });
  }
}

template <class Node>
void Life::die(Node& node, const Action& action) {
  if (!node.is_running()) return;
  if (action.number == 0)
    node.crash();
  else
    node.pump.fuse = static_cast<unsigned>(action.number);
  domain_.world.queue.after(action.span, [this, &node] { revive(node); });
}

template <class Node>
void Life::revive(Node& node) {
  node.pump.fuse = 0;
  if (!node.is_running()) node.start();
}

void Life::revive(MagNode& mag) {
  mag.pump.fuse = 0;
  if (mag.is_powered() && !mag.is_running()) mag.start();
}

void Life::power(std::size_t mag, Duration span, bool loses_records) {
  auto& node = *domain_.mags[mag];
  if (!node.is_powered()) return;
  allow_outages(span + kBelief);
  domain_.lose_power(mag);
  if (loses_records) node.lose_records();
  domain_.world.queue.after(span, [this, mag] {
    if (!domain_.mags[mag]->is_powered()) domain_.regain_power(mag);
  });
}

/// Gateways find out when they refresh, and may have to ask for other prefixes then.
void Life::lose_lma(Duration span) {
  allow_outages(span + 2 * kBelief + kThreePauses);
  domain_.lma->lose_everything();
  domain_.world.queue.after(span, [this] { revive(*domain_.lma); });
}

void Life::step_mag_clock(std::size_t mag, Duration by, std::uint64_t seconds) {
  domain_.mags[mag]->step_clock(by);
  domain_.world.queue.after(std::chrono::seconds(seconds),
                            [this, mag, by] { domain_.mags[mag]->step_clock(-by); });
}

void Life::step_lma_clock(Duration by, std::uint64_t seconds) {
  domain_.world.trace("lma", fmt::format("its clock is set by {} ms", by / 1ms));
  domain_.lma->pump.clock.wall_skew += by;
  domain_.world.queue.after(std::chrono::seconds(seconds),
                            [this, by] { domain_.lma->pump.clock.wall_skew -= by; });
}

void Life::partition(std::size_t mag, Duration span) {
  const auto& address = domain_.mags[mag]->config().address;
  if (domain_.network.is_cut(address)) return;
  allow_outages(span + kBelief);
  domain_.network.cut(address);
  domain_.world.queue.after(span, [this, mag, address] {
    if (domain_.mags[mag]->is_powered()) domain_.network.mend(address);
  });
}

void Life::replay(std::uint64_t number) {
  const auto& sent = domain_.network.sent();
  if (!sent.empty()) domain_.network.inject(sent[number % sent.size()]);
}

void Life::talk_nonsense(Duration span) {
  domain_.network.rewrite_with([this](core::SendMessage& message) { rewrite_answer(domain_, message); });
  domain_.world.queue.after(span, [this] { domain_.network.rewrite_with({}); });
}

void Life::calm_down() {
  is_calm_ = true;
  domain_.world.trace("test", "faults stop");
  domain_.network.faults = {};
  domain_.network.rewrite_with({});
  domain_.access.loss = 0;
  domain_.lma->faults.probability = 0;
  revive(*domain_.lma);
  for (std::size_t mag = 0; mag < plan_.mags; ++mag) {
    auto& node = *domain_.mags[mag];
    node.faults.probability = 0;
    if (!node.is_powered()) domain_.regain_power(mag);
    domain_.network.mend(node.config().address);
    revive(node);
  }
  for (auto& mn : domain_.mns) revive(*mn);
  send_surplus_away();
}

/// Where there are too few prefixes, some nodes have to go before all can agree.
void Life::send_surplus_away() {
  if (plan_.own_prefixes != 0) return;
  const std::size_t prefixes = (std::size_t{1} << plan_.pool_bits) - (plan_.has_liar ? 1 : 0);
  for (std::size_t node = prefixes; node < plan_.nodes; ++node)
    for (std::size_t member = 0; member < plan_.members; ++member) unplug({node, member});
}

/// The access network makes good what a gateway missed. Where answers made one give up, an administrator
/// does; the node may not have heard that it lost its router, and does not ask.
void Life::attach_again() {
  for (std::size_t mag = 0; plan_.links == Links::Shared && mag < plan_.mags; ++mag)
    domain_.tell_stations(mag);
  for (std::size_t node = 0; promises_nothing() && node < plan_.nodes; ++node)
    for (std::size_t member = 0; member < plan_.members; ++member)
      if (const auto at = domain_.access.at({node, member})) domain_.tell_of_arrival({node, member}, at->mag);
}

void Life::come_to_rest() {
  traffic_.stop();
  start_traffic(2s);
  if (plan_.has_clock_steps) run(kClockRetry);
  attach_again();
  run(kSettle);
  if (!plan_.has_nonsense) return;
  attach_again();
  run(kSettle);
}

}  // namespace flowmob::sim
