// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/lma/anchor_fixture_for_test.h"

/// An anchor that obeys gateways, and what they announce to it.
namespace flowmob::core {

using wire::BindingIdentifierOption;
using wire::BindingReference;
using wire::FlowIdentification;
using wire::FlowSummary;
using wire::TrafficSelectorSubOption;

using wire::TrafficSelector6;

inline LmaConfig obeying() {
  auto c = test_config();
  c.decider = Decider::Gateways;
  return c;
}

inline wire::MobilityOption binding(std::uint16_t id, std::uint8_t priority = 64) {
  return BindingIdentifierOption{id, 0, false, priority, {}};
}

inline TrafficSelector6 port(std::uint16_t number) {
  TrafficSelector6 selector;
  selector.destination_port = wire::Range<std::uint16_t>{number, number};
  return selector;
}

inline BindingReference to(std::vector<std::uint16_t> ids) { return {std::move(ids)}; }

/// With selector and reference; `number` is also the port.
inline FlowIdentification flow(std::uint16_t number, std::uint16_t priority, std::uint16_t binding_id) {
  return {number, priority, 0, {to({binding_id}), TrafficSelectorSubOption{port(number)}}};
}

class FlowAnnouncementsTest : public AnchorFixture {
 protected:
  FlowAnnouncementsTest() : AnchorFixture(obeying()) {}
  explicit FlowAnnouncementsTest(LmaConfig config) : AnchorFixture(std::move(config)) {}

  using Statuses = std::vector<std::pair<int, int>>;  ///< of flows by their numbers, in the answer's order
  Statuses announce(Pbu p, wire::MobilityOptions options) {
    p.more = std::move(options);
    Statuses found;
    for (const auto& flow : wire::find_all<FlowIdentification>(accepted(p).options))
      found.emplace_back(flow.flow_id, flow.status);
    return found;
  }
  std::vector<std::string> flows() {
    std::vector<std::string> names;
    for (const auto& row : show("flows", {{"mn", "mn1"}})) names.push_back(row["flow"]);
    return names;
  }
  Json flow_row(const std::string& name) {
    for (auto& row : show("flows", {{"mn", "mn1"}}))
      if (row["flow"] == name) return row;
    ADD_FAILURE() << "no flow " << name;
    return {};
  }
  std::string state_of(const std::string& name) { return flow_row(name)["state"]; }
  /// Ports in the order in which the data plane tries them.
  std::vector<int> classifier() {
    const auto installed = all<InstallNode>();
    EXPECT_FALSE(installed.empty());
    std::vector<int> ports;
    if (installed.empty()) return ports;
    for (const auto& rule : installed.back().rules) ports.push_back(rule.selector.destination_port->first);
    return ports;
  }
  std::uint64_t refused(const char* reason) {
    const auto statistics = lma->handle_command(now, "show statistics", Json::object()).value();
    return statistics["flow_options"]["refused"].value(reason, std::uint64_t{0});
  }
  /// Both links, the second with binding 2.
  void attach_both() {
    accepted(with(first(), {binding(1)}));
    accepted(with(second(), {binding(2)}));
  }
  static Pbu with(Pbu p, wire::MobilityOptions options) {
    p.more = std::move(options);
    return p;
  }
};

}  // namespace flowmob::core
