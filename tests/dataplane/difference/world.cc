// SPDX-License-Identifier: Apache-2.0
#include "world.h"

#include <fmt/format.h>

#include "base/ipv4.h"

namespace flowmob::dataplane::testing {
namespace {

using wire::Range;
using wire::TrafficSelector6;

Ipv6Address parsed(std::string_view text) { return Ipv6Address::parse(text).value(); }
Ipv6Address parsed4(std::string_view text) { return to_mapped(Ipv4Address::parse(text).value()); }

Range<Ipv6Address> random_addresses(Chance& chance, const World& world, bool of_nodes) {
  const auto one = [&](bool is_ipv4) {
    if (!of_nodes) return is_ipv4 ? random_correspondent4(chance) : random_correspondent(chance);
    return is_ipv4 ? parsed4(fmt::format("192.0.2.{}", chance.below(6))) : random_home(chance, world);
  };
  if (chance.one_in(10)) return {parsed("::"), parsed("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")};
  if (chance.one_in(12)) return chance.range(one(true), one(false));
  const bool is_ipv4 = chance.one_in(3);
  const auto first = one(is_ipv4);
  return chance.one_in(3) ? Range<Ipv6Address>{first, first} : chance.range(first, one(is_ipv4));
}

TrafficSelector6 random_selector(Chance& chance, const World& world) {
  TrafficSelector6 s;
  if (chance.one_in(3)) s.source = random_addresses(chance, world, false);
  if (chance.one_in(5)) s.destination = random_addresses(chance, world, true);
  if (chance.one_in(8)) s.spi = chance.range(random_spi(chance), random_spi(chance));
  if (chance.one_in(7)) s.flow_label = chance.range(random_label(chance), random_label(chance));
  if (chance.one_in(4)) s.source_port = chance.range(random_port(chance), random_port(chance));
  if (chance.one_in(4)) s.destination_port = chance.range(random_port(chance), random_port(chance));
  const auto ds = [&] { return static_cast<std::uint8_t>(chance.below(64)); };
  if (chance.one_in(6)) s.traffic_class = chance.range(ds(), ds());
  if (chance.one_in(3)) {
    const auto protocol = random_protocol(chance);
    s.next_header = chance.one_in(3) ? chance.range(protocol, random_protocol(chance))
                                     : Range<std::uint8_t>{protocol, protocol};
  }
  return s;
}

core::Tunnelling random_tunnelling(Chance& chance, bool over_ipv4, SessionId session) {
  using core::Encapsulation;
  if (chance.one_in(2)) return {};
  if (over_ipv4 && chance.one_in(2)) return {Encapsulation::Udp, 0, 0};
  if (chance.one_in(3)) return {Encapsulation::Gre, 0, 0};
  return {Encapsulation::GreWithKeys, chance.below(1U << 31), session.value};
}

/// The sessions of one node; those of the last numbers are there as often as not.
void add_sessions(Chance& chance, World& world, const core::InstallNode& node) {
  for (std::uint32_t number = 1; number <= 4; ++number) {
    if (chance.one_in(5)) continue;
    core::InstallSession session;
    session.session = SessionId{node.node.value * 10 + number};
    session.node = node.node;
    const bool over_ipv4 = chance.one_in(4);
    session.lma = over_ipv4 ? parsed4(kAnchor4) : parsed(kAnchor);
    session.mag = over_ipv4 ? parsed4(kGateway4) : parsed(chance.one_in(2) ? kGateway1 : kGateway2);
    if (chance.one_in(15)) session.mag = parsed(kUnreachable), session.lma = parsed(kAnchor);
    session.prefixes = node.prefixes;
    session.mtu = chance.one_of<std::uint16_t>({1460, 1452, 1400, 1300, 1280, 1000, 9000});
    if (!chance.one_in(4)) session.ipv4 = node.ipv4;
    session.tunnelling = random_tunnelling(chance, is_mapped(session.mag), session.session);
    world.sessions.push_back(std::move(session));
  }
}

SessionId random_session(Chance& chance, const core::InstallNode& node) {
  if (chance.one_in(20)) return {};
  return SessionId{node.node.value * 10 + chance.from_to(1, 4)};  // which may not be there
}

void add_flows(Chance& chance, World& world, const core::InstallNode& node, std::uint32_t first) {
  for (std::uint32_t number = first; number < first + 6; ++number) {
    if (chance.one_in(12)) continue;
    core::InstallFlow flow;
    flow.flow = FlowIndex{number};
    flow.node = node.node;
    flow.session = random_session(chance, node);
    if (chance.one_in(10)) world.dropping.push_back(flow.flow);
    if (chance.one_in(4)) {
      flow.spread.kind = core::SpreadKind::Shares;
      for (auto links = chance.from_to(2, 4); links > 0; --links)
        flow.spread.links.push_back(
            {random_session(chance, node), static_cast<std::uint16_t>(chance.below(4))});
    }
    world.flows.push_back(std::move(flow));
  }
}

core::InstallNode random_node(Chance& chance, const World& world, std::uint32_t number,
                              std::uint32_t first_flow) {
  core::InstallNode node;
  node.node = NodeIndex{number};
  node.prefixes = {Ipv6Prefix::parse(fmt::format("2001:db8:{}::/64", 100 + number)).value()};
  if (number == 4) node.prefixes.push_back(Ipv6Prefix::parse("2001:db8:200::/62").value());
  if (number < 4) node.ipv4 = Ipv4Address::parse(fmt::format("192.0.2.{}", 1 + number)).value();
  const auto some_flow = [&] { return FlowIndex{first_flow + chance.below(6)}; };
  if (!chance.one_in(12)) node.default_flow = some_flow();
  World so_far = world;
  so_far.nodes.push_back(node);
  const auto rules = chance.one_in(12) ? 0 : chance.one_in(3) ? chance.from_to(1, 64) : chance.from_to(1, 8);
  for (std::uint32_t i = 0; i < rules; ++i)
    node.rules.push_back({chance.below(100), some_flow(), random_selector(chance, so_far)});
  return node;
}

template <class T, class Written>
void describe(std::string& line, const char* name, const std::optional<Range<T>>& range, Written text) {
  if (range) line += fmt::format(" {}={}..{}", name, text(range->first), text(range->last));
}

std::string to_string(const TrafficSelector6& s) {
  std::string line;
  const auto address = [](const Ipv6Address& a) { return a.to_string(); };
  const auto number = [](auto n) { return std::to_string(n); };
  describe(line, "source", s.source, address);
  describe(line, "destination", s.destination, address);
  describe(line, "spi", s.spi, number);
  describe(line, "label", s.flow_label, number);
  describe(line, "source-port", s.source_port, number);
  describe(line, "destination-port", s.destination_port, number);
  describe(line, "ds", s.traffic_class, number);
  describe(line, "protocol", s.next_header, number);
  return line.empty() ? " everything" : line;
}

}  // namespace

const core::InstallNode* World::node_at(const Ipv6Address& address) const {
  for (const auto& node : nodes) {
    if (is_mapped(address) && node.ipv4 && to_mapped(*node.ipv4) == address) return &node;
    for (const auto& prefix : node.prefixes)
      if (!is_mapped(address) && prefix.contains(address)) return &node;
  }
  return nullptr;
}

const core::InstallSession* World::session(SessionId id) const {
  const auto found = std::ranges::find(sessions, id, &core::InstallSession::session);
  return found == sessions.end() ? nullptr : &*found;
}

const core::InstallFlow* World::flow(FlowIndex index) const {
  const auto found = std::ranges::find(flows, index, &core::InstallFlow::flow);
  return found == flows.end() ? nullptr : &*found;
}

bool World::drops(FlowIndex index) const { return std::ranges::count(dropping, index) != 0; }

std::vector<core::InstallSession> attachments(const World& world) {
  std::vector<core::InstallSession> found;
  for (const auto& session : world.sessions) {
    const bool is_known = std::ranges::count(found, session.node, &core::InstallSession::node) != 0;
    if (!is_known && session.mag != parsed(kUnreachable)) found.push_back(session);
  }
  return found;
}

MacAddress link_address_of(NodeIndex node) {
  return {{2, 0, 0, 0, 9, static_cast<std::uint8_t>(node.value)}};
}

World random_world(Chance& chance, std::uint32_t number_of_world) {
  World world;
  for (std::uint32_t number = 1; number <= 4; ++number) {
    const auto first_flow = number_of_world * 100 + number * 10;
    auto node = random_node(chance, world, number, first_flow);
    add_sessions(chance, world, node);
    add_flows(chance, world, node, first_flow);
    world.nodes.push_back(std::move(node));
  }
  return world;
}

std::string to_string(const World& world) {
  std::string text;
  for (const auto& node : world.nodes) {
    text += fmt::format("node {}:", node.node.value);
    for (const auto& prefix : node.prefixes) text += ' ' + prefix.to_string();
    if (node.ipv4) text += ' ' + node.ipv4->to_string();
    text += fmt::format(", default flow {}\n", node.default_flow.value);
    for (const auto& rule : node.rules)
      text += fmt::format("  rule {} -> flow {}:{}\n", rule.order, rule.flow.value, to_string(rule.selector));
  }
  for (const auto& flow : world.flows) {
    text += fmt::format("flow {}: session {}{}", flow.flow.value, flow.session.value,
                        world.drops(flow.flow) ? ", drop" : "");
    for (const auto& link : flow.spread.links)
      text += fmt::format(", share {} of {}", link.weight, link.session.value);
    text += '\n';
  }
  for (const auto& session : world.sessions)
    text += fmt::format("session {} of node {}: {} -> {}, mtu {}, {} {:#x}{}\n", session.session.value,
                        session.node.value, written(session.lma), written(session.mag), session.mtu,
                        to_string(session.tunnelling.encapsulation), session.tunnelling.downlink_key,
                        session.ipv4 ? ", with IPv4" : "");
  return text;
}

Ipv6Address random_correspondent(Chance& chance) {
  auto address = parsed(kCorrespondents);
  address.octets[15] = static_cast<std::uint8_t>(chance.below(8));
  if (chance.one_in(4)) address.octets[7] = static_cast<std::uint8_t>(chance.below(3));
  return address;
}

Ipv6Address random_correspondent4(Chance& chance) {
  return parsed4(fmt::format("198.51.100.{}", chance.below(8)));
}

Ipv6Address random_home(Chance& chance, const World& world) {
  const auto& prefix = chance.one_of(chance.one_of(world.nodes).prefixes);
  auto address = prefix.address;
  if (prefix.length == 62) address.octets[7] = static_cast<std::uint8_t>(chance.below(4));
  address.octets[15] = static_cast<std::uint8_t>(chance.from_to(1, 4));
  return address;
}

std::uint16_t random_port(Chance& chance) {
  return chance.one_in(12) ? chance.one_of<std::uint16_t>({0, 5437, 65535})
                           : static_cast<std::uint16_t>(5000 + chance.below(8));
}
std::uint32_t random_spi(Chance& chance) { return chance.one_in(12) ? 0xffffffff : chance.below(6); }
std::uint32_t random_label(Chance& chance) { return chance.one_in(8) ? 0xfffff : chance.below(5); }

std::uint8_t random_protocol(Chance& chance) {
  if (chance.one_in(15)) return chance.octet();
  if (chance.one_in(8)) return chance.one_of<std::uint8_t>({0, 1, 4, 41, 43, 44, 47, 51, 59, 60, 89, 135});
  return chance.one_of<std::uint8_t>({6, 17, 17, 132, 33, 136, 58, 1, 50});
}

}  // namespace flowmob::dataplane::testing
