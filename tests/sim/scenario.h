// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include "checks.h"
#include "domain.h"
#include "traffic.h"

namespace flowmob::sim {

using namespace std::chrono_literals;

/// Nodes whose bindings last 20 s.
inline DomainOptions short_lived(std::size_t nodes = 1) {
  DomainOptions options;
  options.nodes = nodes;
  options.mag = [](std::size_t, core::MagConfig& config) { config.lifetime = 20s; };
  return options;
}

/// A domain whose rules are checked after every event, with packets to look at.
struct Scenario {
  explicit Scenario(const DomainOptions& options = {}) : domain(options), checks(domain), traffic(domain) {
    domain.start_all();
  }

  /// Both links of every node, and time to register.
  void attach_all(Duration settle = 2s) {
    domain.plug_all();
    run(settle);
    checks.require_agreement();
  }
  void start_traffic(std::size_t node, Duration interval = 10ms) {
    for (const auto& flow : Domain::flows()) traffic.start(node, flow, interval);
  }
  void run(Duration span) { domain.run_for(span); }
  void fail_link(Port port, Duration outage, Notice notice = Notice::Given) {
    checks.allow_outage(port.node, outage);
    domain.unplug(port, notice);
  }

  /// The member link of a flow, or -1 if its packets are lost.
  int down(std::string_view flow, std::size_t node = 0) const {
    return link(domain.walk_down(node, find(flow)));
  }
  int up(std::string_view flow, std::size_t node = 0) const { return link(domain.walk_up(node, find(flow))); }
  std::vector<Ipv6Prefix> prefixes(std::size_t node = 0) const {
    const auto* record = domain.lma->record_of(Domain::mn_id(node));
    return record ? record->prefixes : std::vector<Ipv6Prefix>{};
  }
  std::size_t sessions(std::size_t node = 0) const {
    const auto* record = domain.lma->record_of(Domain::mn_id(node));
    return record ? record->sessions.size() : 0;
  }

  static const Flow& find(std::string_view name) {
    return *std::ranges::find(Domain::flows(), name, &Flow::name);
  }

  Domain domain;
  Checks checks;
  Traffic traffic;

 private:
  static int link(const Walk& walk) { return walk.delivered ? static_cast<int>(walk.member) : -1; }
};

}  // namespace flowmob::sim
