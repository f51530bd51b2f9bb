// SPDX-License-Identifier: Apache-2.0
#include "domain.h"

#include <fmt/format.h>

namespace flowmob::sim {
namespace {

using namespace std::chrono_literals;

Ipv6Address address(const std::string& text) { return Ipv6Address::parse(text).value(); }

Ipv6Address mag_address(std::size_t mag) { return address(fmt::format("2001:db8:1::{}", 11 + mag)); }

wire::AccessTechnology technology(std::size_t member) {
  return member % 2 == 0 ? wire::AccessTechnology::Wimax : wire::AccessTechnology::Wlan;
}

std::string service(std::size_t member) { return member == 0 ? "video" : "internet"; }

core::ServiceProfile video_service() {
  core::FlowTemplate video;
  video.name = "video";
  video.priority = 10;
  video.selector.next_header = {17, 17};
  video.selector.source_port = {5004, 5004};
  return {"video", "video", {video}, false};
}

}  // namespace

const std::vector<Flow>& Domain::flows() {
  static const std::vector<Flow> all{{"video", 17, 5004, 40000}, {"web", 6, 443, 50000}, {"ping", 58, 0, 0}};
  return all;
}

InterfaceIndex Domain::access_index(Port port) const {
  return InterfaceIndex{
      static_cast<std::uint32_t>(100 + (links_ == Links::Shared ? port.member : port.node))};
}

std::string Domain::access_name(Port port) const {
  return fmt::format("access{}", links_ == Links::Shared ? port.member : port.node);
}

const Ipv6Address& Domain::correspondent() {
  static const Ipv6Address cn = address("2001:db8:c::1");
  return cn;
}

core::LmaConfig Domain::lma_config(const DomainOptions& options) const {
  core::LmaConfig config;
  config.address = address("2001:db8:1::1");
  config.pools = {Ipv6Prefix::parse("2001:db8:100::/56").value()};
  config.services = {video_service(), {"internet", "internet", {}, true}};
  for (std::size_t mag = 0; mag < options.mags; ++mag)
    config.mags.push_back({fmt::format("mag{}", mag), mag_address(mag)});
  for (std::size_t node = 0; node < options.nodes; ++node) {
    core::PolicyProfile profile;
    profile.mn_id = mn_id(node);
    profile.services = {"video", "internet"};
    config.mobile_nodes.push_back(profile);
  }
  options.lma(config);
  return config;
}

/// Of shared links there is one of each kind; a node's own one is of the gateway's kind.
core::AccessConfig Domain::access_config(std::size_t mag, Port port) const {
  const auto kind = links_ == Links::Shared ? port.member : mag;
  core::AccessConfig link;
  link.name = access_name(port);
  link.interface = link.name;
  link.index = access_index(port);
  link.link_address = {
      {0x02, 0, 0, 0xaa, static_cast<std::uint8_t>(mag), static_cast<std::uint8_t>(link.index.value - 100)}};
  link.technology = technology(kind);
  link.services = {service(kind)};
  return link;
}

core::MagConfig Domain::mag_config(const DomainOptions& options, std::size_t mag) const {
  core::MagConfig config;
  config.name = fmt::format("mag{}", mag);
  config.address = mag_address(mag);
  config.lma = address("2001:db8:1::1");
  config.neighbor_probe_interval = {};  // these nodes answer no Neighbor Solicitation
  for (std::size_t member = 0; links_ == Links::Shared && member < members_; ++member)
    config.accesses.push_back(access_config(mag, {0, member}));
  for (std::size_t node = 0; node < options.nodes; ++node) {
    if (links_ == Links::PerNode) config.accesses.push_back(access_config(mag, {node, 0}));
    core::MagPolicyProfile profile{mn_id(node), {}, {}, {}};
    for (std::size_t member = 0; member < members_; ++member)
      profile.link_layer.push_back(member_mac(node, member));
    config.mobile_nodes.push_back(profile);
  }
  options.mag(mag, config);
  return config;
}

core::MnConfig Domain::mn_config(std::size_t node) const {
  core::MnConfig config;
  config.name = fmt::format("mn{}", node);
  config.router_probe_interval = {};  // and these gateways' kernels answer none
  config.mac = member_mac(node, 0);
  for (std::size_t member = 0; member < members_; ++member)
    config.members.push_back({fmt::format("if{}", member), technology(member),
                              InterfaceIndex{static_cast<std::uint32_t>(10 + member)},
                              member_mac(node, member)});
  return config;
}

Domain::Domain(const DomainOptions& options)
    : world(options.seed), links_(options.links), members_(options.members) {
  lma = std::make_unique<LmaNode>(world, network, lma_config(options));
  lma->pump.clock.boot_offset = 1000s;
  lma->round_trip = [this](SessionId session) { return round_trip(session); };
  for (std::size_t mag = 0; mag < options.mags; ++mag) {
    mags.push_back(std::make_unique<MagNode>(world, network, access, mag, mag_config(options, mag)));
    mags.back()->pump.clock.boot_offset = (mag + 5) * 10000s;
    if (links_ == Links::Shared) mags.back()->on_start.push_back([this, mag] { tell_stations(mag); });
    mag_numbers_[mag_address(mag)] = mag;
    access.delays.push_back(mag % 2 == 0 ? 20ms : 3ms);
  }
  for (std::size_t node = 0; node < options.nodes; ++node) {
    auto config = mn_config(node);
    options.mn(node, config);
    for (std::size_t member = 0; member < config.members.size(); ++member)
      access.define({node, member}, config.members[member].mac);
    mns.push_back(std::make_unique<MnNode>(world, access, node, config));
    mns.back()->pump.clock.boot_offset = (node + 1) * 77s;
  }
  connect_access();
}

void Domain::connect_access() {
  access.to_node = [this](Port port, const core::PacketMeta& meta, const Bytes& icmpv6) {
    mns.at(port.node)->receive(port.member, meta, icmpv6);
  };
  access.to_mag = [this](Socket socket, const core::PacketMeta& meta, const Bytes& icmpv6) {
    if (access.on_arrival) access.on_arrival(socket, meta.link_source);
    mags.at(socket.mag)->pump.feed([&](auto& core, Now now) {
      core.handle_neighbor_discovery(now, meta, icmpv6);
    });
  };
}

void Domain::start_all() {
  lma->start();
  for (auto& mag : mags) mag->start();
  for (auto& mn : mns) mn->start();
}

void Domain::plug(Port port, std::size_t mag) {
  world.trace("test", fmt::format("plug mn{} if{} into mag{}", port.node, port.member, mag));
  ++visits_[port];
  access.connect(port, {mag, access_index(port)});
  mags.at(mag)->set_link(access_index(port), true);
  if (links_ == Links::Shared) tell_of_arrival(port, mag);
  mns.at(port.node)->set_link(port.member, true);
}

void Domain::tell_of_arrival(Port port, std::size_t mag) {
  if (access.on_arrival) access.on_arrival({mag, access_index(port)}, mac_of(port));
  static_cast<void>(
      mags.at(mag)->command("attach", {{"access", access_name(port)}, {"mac", mac_of(port).to_string()}}));
}

void Domain::unplug(Port port, Notice notice) {
  const auto socket = access.at(port);
  if (!socket) return;
  world.trace("test", fmt::format("unplug mn{} if{} from mag{}{}", port.node, port.member, socket->mag,
                                  notice == Notice::Silent ? " silently" : ""));
  access.disconnect(port);
  if (notice == Notice::Silent) return;
  mns.at(port.node)->set_link(port.member, false);
  tell_of_departure(port, *socket);
}

void Domain::tell_of_departure(Port port, Socket socket) {
  auto& mag = *mags.at(socket.mag);
  if (links_ == Links::Shared)
    static_cast<void>(
        mag.command("detach", {{"access", access_name(port)}, {"mac", mac_of(port).to_string()}}));
  else if (!access.is_used(socket))
    mag.set_link(socket.interface, false);
  else
    return;
  if (on_departure && mag.is_running()) on_departure(port, socket.mag);
}

void Domain::tell_stations(std::size_t mag) {
  if (!mags.at(mag)->is_running()) return;
  const auto bindings = mags[mag]->command("show bindings", core::Json::object());
  std::set<MacAddress> known;
  for (const auto& binding : bindings->at("bindings")) {
    const auto mac = MacAddress::parse(binding.at("link_layer").get<std::string>()).value();
    const auto port = port_of(mac);
    if (!port) continue;
    const auto socket = access.at(*port);
    if (socket && socket->mag == mag)
      known.insert(mac);
    else
      tell_of_departure(*port, {mag, access_index(*port)});
  }
  for (std::size_t member = 0; member < members_; ++member)
    for (const auto& [mac, port] : access.stations({mag, access_index({0, member})}))
      if (!known.contains(mac)) tell_of_arrival(port, mag);
}

void Domain::plug_all() {
  for (std::size_t node = 0; node < mns.size(); ++node)
    for (std::size_t member = 0; member < members_; ++member) plug({node, member});
}

void Domain::unplug_all() {
  for (std::size_t node = 0; node < mns.size(); ++node)
    for (std::size_t member = 0; member < members_; ++member) unplug({node, member});
}

/// 5 ms to a gateway.
std::optional<Duration> Domain::round_trip(SessionId session) const {
  const auto row = lma->tables.sessions().find(session);
  const auto mag = row == lma->tables.sessions().end() ? std::nullopt : mag_at(row->second.session.mag);
  return mag ? std::optional(2 * (5ms + access.delays.at(*mag))) : std::nullopt;
}

std::optional<std::size_t> Domain::mag_at(const Ipv6Address& to) const {
  const auto mag = mag_numbers_.find(to);
  return mag == mag_numbers_.end() ? std::nullopt : std::optional(mag->second);
}

std::optional<Port> Domain::port_of(const MacAddress& mac) const {
  const auto node = node_of(mac);
  if (!node || *node >= mns.size() || mac.octets[5] > members_) return std::nullopt;
  return Port{*node, mac.octets[5] - std::size_t{1}};
}

bool Domain::hosts(std::size_t mag, Port port) const {
  return mags.at(mag)->tables.find_host(access_index(port), mac_of(port)) != nullptr;
}

std::uint64_t Domain::visits(Port port) const {
  const auto visits = visits_.find(port);
  return visits == visits_.end() ? 0 : visits->second;
}

void Domain::set_carrier(std::size_t mag, bool up) {
  for (std::size_t node = 0; node < mns.size(); ++node)
    for (std::size_t member = 0; member < members_; ++member)
      if (const auto at = access.at({node, member}); at && at->mag == mag) mns[node]->set_link(member, up);
}

void Domain::lose_power(std::size_t mag) {
  mags.at(mag)->lose_power();
  set_carrier(mag, false);
}

void Domain::regain_power(std::size_t mag) {
  mags.at(mag)->regain_power();
  set_carrier(mag, true);
}

Result<core::Json> Domain::move_flow(std::size_t node, const std::string& flow, std::size_t mag) {
  return lma->command("flow move", {{"flow", flow}, {"to", fmt::format("mag{}", mag)}, {"mn", mn_id(node)}});
}

/// Not those of prefixes that it had before, unless there is no other.
std::vector<Ipv6Address> Domain::addresses_of(std::size_t node) const {
  const auto& tables = mns.at(node)->tables;
  std::vector<Ipv6Address> used;
  for (const auto* record : lma->records_of(node))
    for (const auto& prefix : record->prefixes)
      for (const auto& [own, row] : tables.addresses())
        if (prefix.contains(own)) used.push_back(own);
  if (const auto own = tables.address(); used.empty() && own) used.push_back(*own);
  return used;
}

Walk Domain::walk_down(std::size_t node, const Flow& flow) const {
  const auto own = addresses_of(node);
  return own.empty() ? Walk::lost("mn: no address") : walk_down(node, Packet{flow, correspondent(), own[0]});
}

Walk Domain::walk_up(std::size_t node, const Flow& flow) const {
  const auto own = addresses_of(node);
  return own.empty() ? Walk::lost("mn: no address") : walk_up(node, Packet{flow, correspondent(), own[0]});
}

/// Of copies one that arrives is enough.
Walk Domain::walk_down(std::size_t node, const Packet& packet) const {
  const auto sessions = lma->tables.ways(packet);
  if (!sessions) return Walk::lost("lma: " + sessions.error().message);
  Walk walk;
  for (const auto session : *sessions)
    if (!walk.delivered) walk = walk_down_by(node, packet, session);
  return walk;
}

Walk Domain::walk_up(std::size_t node, const Packet& packet) const {
  const auto taken = mns[node]->tables.uplinks(packet);
  if (!taken) return Walk::lost("mn: " + taken.error().message);
  Walk walk;
  for (const auto member : *taken)
    if (!walk.delivered) walk = walk_up_by({node, member}, packet);
  return walk;
}

Walk Domain::walk_down_by(std::size_t node, const Packet& packet, SessionId session) const {
  const auto via = lma->tables.by_session(session);
  if (!via) return Walk::lost("lma: " + via.error().message);
  const auto mag = mag_at(*via);
  if (!mag) return Walk::lost("no such gateway");
  if (!mags[*mag]->is_powered()) return Walk::lost("mag has no power");
  const auto hop = mags[*mag]->tables.downlink(packet);
  if (!hop) return Walk::lost("mag: " + hop.error().message);
  const auto port = access.find({*mag, hop->interface}, hop->node);
  if (!port || port->node != node) return Walk::lost("link: nobody there");
  return {true, port->member, {}};
}

Walk Domain::walk_up_by(Port port, const Packet& packet) const {
  const auto socket = access.at(port);
  if (!socket) return Walk::lost("link: not connected");
  const auto& mag = *mags.at(socket->mag);
  if (!mag.is_powered()) return Walk::lost("mag has no power");
  const auto entered = mag.tables.uplink(packet, socket->interface, mac_of(port));
  if (!entered) return Walk::lost("mag: " + entered.error().message);
  const auto left = lma->tables.uplink(packet, mag.config().address);
  if (!left) return Walk::lost("lma: " + left.error().message);
  return {true, port.member, {}};
}

}  // namespace flowmob::sim
