// SPDX-License-Identifier: Apache-2.0
#include "mag_tables.h"

#include <fmt/format.h>

#include <algorithm>

namespace flowmob::sim {
namespace {

bool owns(const core::InstallHost& host, const Ipv6Address& address) {
  return std::ranges::any_of(host.prefixes, [&](const auto& prefix) { return prefix.contains(address); });
}

}  // namespace

Result<void> MagTables::apply(const core::EnsureTunnel& effect) {
  tunnels_[{effect.local, effect.remote}] = true;
  return {};
}

Result<void> MagTables::apply(const core::RemoveTunnel& effect) {
  tunnels_.erase({effect.local, effect.remote});
  return {};
}

Result<void> MagTables::apply(const core::InstallHost& effect) {
  if (effect.mtu == 0 || effect.node.is_zero() || effect.prefixes.empty())
    return fail("bad-host", "a host needs an MTU, a link-layer address and a prefix");
  erase(hosts_.find(effect.attachment));
  hosts_[effect.attachment] = {effect, true};
  by_link_[{effect.interface, effect.node}] = effect.attachment;
  for (const auto& prefix : effect.prefixes) by_prefix_[prefix].insert(effect.attachment);
  return {};
}

void MagTables::erase(std::map<SessionId, HostRow>::const_iterator row) {
  if (row == hosts_.end()) return;
  const auto& host = row->second.host;
  const auto link = by_link_.find({host.interface, host.node});
  if (link != by_link_.end() && link->second == row->first) by_link_.erase(link);
  for (const auto& prefix : host.prefixes) {
    const auto holders = by_prefix_.find(prefix);
    holders->second.erase(row->first);
    if (holders->second.empty()) by_prefix_.erase(holders);
  }
  hosts_.erase(row);
}

Result<void> MagTables::apply(const core::RemoveHost& effect) {
  erase(hosts_.find(effect.attachment));
  return {};
}

void MagTables::begin_restart() {
  for (auto& [id, row] : hosts_) row.fresh = false;
  for (auto& [key, asked_for] : tunnels_) asked_for = false;
}

void MagTables::sweep() {
  for (auto row = hosts_.begin(); row != hosts_.end();) {
    const auto at = row++;
    if (!at->second.fresh) erase(at);
  }
  std::erase_if(tunnels_, [](const auto& row) { return !row.second; });
}

void MagTables::lose_power() { *this = {}; }

std::string MagTables::contents() const {
  std::string text;
  for (const auto& [id, row] : hosts_)
    text += fmt::format("host {} {}; ", id.value, row.host.node.to_string());
  for (const auto& [key, asked_for] : tunnels_) text += "tunnel " + key.second.to_string() + "; ";
  return text;
}

Result<MagTables::NextHop> MagTables::downlink(const Packet& packet) const {
  const auto holders = by_prefix_.find(Ipv6Prefix::truncated(packet.node, 64));
  if (holders == by_prefix_.end()) return fail("mag", "not hosted");
  const auto& host = hosts_.at(*holders->second.begin()).host;
  return NextHop{host.interface, host.node};
}

Result<void> MagTables::uplink(const Packet& packet, InterfaceIndex interface, const MacAddress& from) const {
  const auto* host = find_host(interface, from);
  if (host == nullptr) return fail("mag", "no binding");
  if (!owns(*host, packet.node)) return fail("mag", "spoofed source");
  if (!tunnels_.contains({host->mag, host->lma})) return fail("mag", "no tunnel");
  return {};
}

const core::InstallHost* MagTables::find_host(InterfaceIndex interface, const MacAddress& node) const {
  const auto link = by_link_.find({interface, node});
  return link == by_link_.end() ? nullptr : &hosts_.at(link->second).host;
}

}  // namespace flowmob::sim
