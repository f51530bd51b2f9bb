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
  hosts_[effect.attachment] = {effect, true};
  return {};
}

Result<void> MagTables::apply(const core::RemoveHost& effect) {
  hosts_.erase(effect.attachment);
  return {};
}

void MagTables::begin_restart() {
  for (auto& [id, row] : hosts_) row.fresh = false;
  for (auto& [key, asked_for] : tunnels_) asked_for = false;
}

void MagTables::sweep() {
  std::erase_if(hosts_, [](const auto& row) { return !row.second.fresh; });
  std::erase_if(tunnels_, [](const auto& row) { return !row.second; });
}

void MagTables::lose_power() {
  hosts_.clear();
  tunnels_.clear();
}

std::string MagTables::contents() const {
  std::string text;
  for (const auto& [id, row] : hosts_)
    text += fmt::format("host {} {}; ", id.value, row.host.node.to_string());
  for (const auto& [key, asked_for] : tunnels_) text += "tunnel " + key.second.to_string() + "; ";
  return text;
}

Result<MagTables::NextHop> MagTables::downlink(const Packet& packet) const {
  for (const auto& [id, row] : hosts_)
    if (owns(row.host, packet.node)) return NextHop{row.host.interface, row.host.node};
  return fail("mag", "not hosted");
}

Result<void> MagTables::uplink(const Packet& packet, InterfaceIndex interface, const MacAddress& from) const {
  const auto* host = find_host(interface, from);
  if (host == nullptr) return fail("mag", "no binding");
  if (!owns(*host, packet.node)) return fail("mag", "spoofed source");
  if (!tunnels_.contains({host->mag, host->lma})) return fail("mag", "no tunnel");
  return {};
}

const core::InstallHost* MagTables::find_host(InterfaceIndex interface, const MacAddress& node) const {
  for (const auto& [id, row] : hosts_)
    if (row.host.interface == interface && row.host.node == node) return &row.host;
  return nullptr;
}

}  // namespace flowmob::sim
