// SPDX-License-Identifier: Apache-2.0
#include "core/mag/access_links.h"

#include <utility>

namespace flowmob::core {

const AccessLinks::Link& AccessLinks::link(const std::string& access) const {
  static const Link unknown;
  const auto found = links_.find(access);
  return found == links_.end() ? unknown : found->second;
}

bool AccessLinks::is_down(const std::string& access) const { return link(access).up == false; }

bool AccessLinks::set_carrier(const std::string& access, bool up) {
  auto& link = links_[access];
  if (link.up == up) return false;
  link.up = up;
  link.heard.clear();
  link.sent_away.clear();
  link.silent.clear();
  return true;
}

void AccessLinks::remember(const std::string& access, const MacAddress& node) {
  links_[access].remembered.insert(node);
}

std::vector<MacAddress> AccessLinks::take_remembered(const std::string& access) {
  const auto nodes = std::exchange(links_[access].remembered, {});
  return {nodes.begin(), nodes.end()};
}

void AccessLinks::heard(const std::string& access, const MacAddress& node) {
  links_[access].heard.insert(node);
}

const std::set<MacAddress>& AccessLinks::heard_on(const std::string& access) const {
  return link(access).heard;
}

void AccessLinks::heard_while_down(Now now, const std::string& access, const MacAddress& node,
                                   const Ipv6Address& source) {
  links_[access].early[node] = {now.monotonic, source};
}

std::map<MacAddress, Ipv6Address> AccessLinks::take_early(Now now, const std::string& access) {
  std::map<MacAddress, Ipv6Address> recent;
  for (const auto& [node, heard] : std::exchange(links_[access].early, {}))
    if (now.monotonic - heard.first <= std::chrono::seconds(1)) recent[node] = heard.second;
  return recent;
}

void AccessLinks::send_away(const std::string& access, const MacAddress& node) {
  links_[access].sent_away.insert(node);
}

bool AccessLinks::is_sent_away(const std::string& access, const MacAddress& node) const {
  return link(access).sent_away.contains(node);
}

void AccessLinks::readmit(const std::string& access, const MacAddress& node) {
  links_[access].sent_away.erase(node);
  links_[access].silent.erase(node);
}

void AccessLinks::stamp(const std::string& access, const MacAddress& node, const NodeStamp& stamp) {
  links_[access].stamps[node] = stamp;
}

std::optional<NodeStamp> AccessLinks::stamp_of(const std::string& access, const MacAddress& node) const {
  const auto& stamps = link(access).stamps;
  const auto found = stamps.find(node);
  return found == stamps.end() ? std::nullopt : std::optional(found->second);
}

void AccessLinks::fall_silent(const std::string& access, const MacAddress& node) {
  links_[access].silent.insert(node);
}

bool AccessLinks::has_fallen_silent(const std::string& access, const MacAddress& node) const {
  return link(access).silent.contains(node);
}

}  // namespace flowmob::core
