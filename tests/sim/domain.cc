// SPDX-License-Identifier: Apache-2.0
#include "domain.h"

#include <fmt/format.h>

namespace flowmob::sim {
namespace {

using namespace std::chrono_literals;

Ipv6Address address(const std::string& text) { return Ipv6Address::parse(text).value(); }

Ipv6Address mag_address(std::size_t mag) { return address(fmt::format("2001:db8:1::{}", 11 + mag)); }

MacAddress member_mac(std::size_t node, std::size_t member) {
  return {{0x02, 0, 0, 0, static_cast<std::uint8_t>(node + 1), static_cast<std::uint8_t>(member + 1)}};
}

wire::AccessTechnology technology(std::size_t member) {
  return member == 0 ? wire::AccessTechnology::Wimax : wire::AccessTechnology::Wlan;
}

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

std::string Domain::mn_id(std::size_t node) { return fmt::format("mn{}@example.net", node); }

InterfaceIndex Domain::access_index(std::size_t node) {
  return InterfaceIndex{static_cast<std::uint32_t>(100 + node)};
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
  for (std::size_t mag = 0; mag < kMags; ++mag)
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

core::MagConfig Domain::mag_config(const DomainOptions& options, std::size_t mag) const {
  core::MagConfig config;
  config.name = fmt::format("mag{}", mag);
  config.address = mag_address(mag);
  config.lma = address("2001:db8:1::1");
  config.neighbor_probe_interval = {};  // these nodes answer no Neighbor Solicitation
  for (std::size_t node = 0; node < options.nodes; ++node) {
    core::AccessConfig link;
    link.name = fmt::format("access{}", node);
    link.interface = link.name;
    link.index = access_index(node);
    link.link_address = {{0x02, 0, 0, 0xaa, static_cast<std::uint8_t>(mag), static_cast<std::uint8_t>(node)}};
    link.technology = technology(mag);
    link.services = {mag == 0 ? "video" : "internet"};
    config.accesses.push_back(link);
    config.mobile_nodes.push_back({mn_id(node), {member_mac(node, 0), member_mac(node, 1)}, {}, {}});
  }
  options.mag(mag, config);
  return config;
}

core::MnConfig Domain::mn_config(std::size_t node) const {
  core::MnConfig config;
  config.name = fmt::format("mn{}", node);
  config.mac = member_mac(node, 0);
  for (std::size_t member = 0; member < 2; ++member)
    config.members.push_back({fmt::format("if{}", member), technology(member),
                              InterfaceIndex{static_cast<std::uint32_t>(10 + member)},
                              member_mac(node, member)});
  return config;
}

Domain::Domain(const DomainOptions& options) : world(options.seed) {
  lma = std::make_unique<LmaNode>(world, network, lma_config(options));
  lma->pump.clock.boot_offset = 1000s;
  for (std::size_t mag = 0; mag < kMags; ++mag) {
    mags.push_back(std::make_unique<MagNode>(world, network, access, mag, mag_config(options, mag)));
    mags.back()->pump.clock.boot_offset = (mag + 5) * 10000s;
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
  access.delays = {20ms, 3ms};
  access.to_node = [this](Port port, const core::PacketMeta& meta, const Bytes& icmpv6) {
    mns.at(port.node)->receive(port.member, meta, icmpv6);
  };
  access.to_mag = [this](Socket socket, const core::PacketMeta& meta, const Bytes& icmpv6) {
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
  access.connect(port, {mag, access_index(port.node)});
  mags.at(mag)->set_link(access_index(port.node), true);
  mns.at(port.node)->set_link(port.member, true);
}

void Domain::unplug(Port port, Notice notice) {
  const auto socket = access.at(port);
  if (!socket) return;
  world.trace("test", fmt::format("unplug mn{} if{} from mag{}{}", port.node, port.member, socket->mag,
                                  notice == Notice::Silent ? " silently" : ""));
  access.disconnect(port);
  if (notice == Notice::Silent) return;
  mns.at(port.node)->set_link(port.member, false);
  if (!access.is_used(*socket)) mags.at(socket->mag)->set_link(socket->interface, false);
}

void Domain::plug_all() {
  for (std::size_t node = 0; node < mns.size(); ++node)
    for (std::size_t member = 0; member < kMags; ++member) plug({node, member});
}

void Domain::unplug_all() {
  for (std::size_t node = 0; node < mns.size(); ++node)
    for (std::size_t member = 0; member < kMags; ++member) unplug({node, member});
}

void Domain::set_carrier(std::size_t mag, bool up) {
  for (std::size_t node = 0; node < mns.size(); ++node)
    for (std::size_t member = 0; member < kMags; ++member)
      if (access.at({node, member}) == Socket{mag, access_index(node)}) mns[node]->set_link(member, up);
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

/// Of a node that had another prefix before, the address that correspondents use now.
std::optional<Packet> Domain::packet_of(std::size_t node, const Flow& flow) const {
  const auto& tables = mns.at(node)->tables;
  const auto* record = lma->record_of(mn_id(node));
  if (record != nullptr)
    for (const auto& [own, row] : tables.addresses())
      for (const auto& prefix : record->prefixes)
        if (prefix.contains(own)) return Packet{flow, correspondent(), own};
  const auto own = tables.address();
  if (!own) return std::nullopt;
  return Packet{flow, correspondent(), *own};
}

Walk Domain::walk_down(std::size_t node, const Flow& flow) const {
  const auto packet = packet_of(node, flow);
  if (!packet) return Walk::lost("mn: no address");
  const auto via = lma->tables.downlink(*packet);
  if (!via) return Walk::lost("lma: " + via.error().message);
  for (std::size_t mag = 0; mag < mags.size(); ++mag) {
    if (mags[mag]->config().address != *via) continue;
    if (!mags[mag]->is_powered()) return Walk::lost("mag has no power");
    const auto hop = mags[mag]->tables.downlink(*packet);
    if (!hop) return Walk::lost("mag: " + hop.error().message);
    const auto port = access.find({mag, hop->interface}, hop->node);
    if (!port || port->node != node) return Walk::lost("link: nobody there");
    return {true, port->member, {}};
  }
  return Walk::lost("no such gateway");
}

Walk Domain::walk_up(std::size_t node, const Flow& flow) const {
  const auto packet = packet_of(node, flow);
  if (!packet) return Walk::lost("mn: no address");
  const auto member = mns[node]->tables.uplink(*packet);
  if (!member) return Walk::lost("mn: " + member.error().message);
  const auto socket = access.at({node, *member});
  if (!socket) return Walk::lost("link: not connected");
  const auto& mag = *mags.at(socket->mag);
  if (!mag.is_powered()) return Walk::lost("mag has no power");
  const auto mac = mns[node]->config().members.at(*member).mac;
  const auto entered = mag.tables.uplink(*packet, socket->interface, mac);
  if (!entered) return Walk::lost("mag: " + entered.error().message);
  const auto left = lma->tables.uplink(*packet, mag.config().address);
  if (!left) return Walk::lost("lma: " + left.error().message);
  return {true, *member, {}};
}

}  // namespace flowmob::sim
