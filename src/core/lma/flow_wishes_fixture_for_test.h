// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/lma/flow_mobility_fixture_for_test.h"

/// Rules for flows of a node that has several sets of prefixes.
namespace flowmob::core {

inline FlowRule web_by(std::vector<LinkPattern> prefer) {
  FlowRule rule;
  rule.policy = "gold";
  rule.name = "web";
  rule.prefer = std::move(prefer);
  wire::TrafficSelector6 http;
  http.source_port = {80, 80};
  rule.flow = FlowTemplate{"web", 0, http};
  return rule;
}

inline const LinkPattern kByMag1{"mag1", {}}, kByMag2{"mag2", {}};
inline constexpr const char* kWebOfFirst = "tcp,2001:db8:c::1,80,2001:db8:1000::5,40000";

/// mn1 has a set of its own at mag1 and another at mag2; there are no rules yet.
class FlowWishesTest : public FlowMobilityTest {
 protected:
  void apply(std::vector<FlowRule> rules) {
    FlowPolicy policy{"gold", {rules.begin(), rules.end()}};
    policy.is_default = true;
    clear();
    lma->apply_policies(now, {policy}, std::nullopt);
    drain();
    keep();
  }
  /// Of the flow in the set that this prefix is of.
  std::string way_of(const char* flow, const Ipv6Prefix& prefix) {
    for (const auto& row : show("bindings", {{"mn", "mn1"}}))
      if (row["flow"] == flow && row["prefixes"][0] == prefix.to_string())
        return row["mag"].is_null() ? "" : row["mag"].get<std::string>();
    return "no such flow";
  }
  /// The same anchor after its end, with what the state store has.
  void restart() {
    auto config = lma->config();
    lma = std::make_unique<LocalMobilityAnchor>(config);
    clear();
    std::vector<NodeRecord> kept;
    for (const auto& [index, record] : records)
      kept.push_back(NodeRecord::from_json(record.to_json()).value());
    lma->restore(now, kept);
    drain();
  }
  void lose_first() {
    clear();
    send(leave(first()));
  }
  Json explained(const char* flow = kWebOfFirst) {
    return lma->handle_command(now, "policy explain", {{"flow", flow}}).value();
  }
  Json link_at(const char* mag) {
    const Json all = explained();
    for (const auto& link : all["links"])
      if (link["mag"] == mag) return link;
    return {};
  }
};

}  // namespace flowmob::core
