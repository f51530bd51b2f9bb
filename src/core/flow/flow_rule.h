// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/shared.h"
#include "base/time.h"
#include "core/flow/spread.h"
#include "wire/enums.h"
#include "wire/traffic_selector.h"

/// What an operator wants of flows: ordered rules, each with the links that its flows are to take.
namespace flowmob::core {

/// One flow of a service profile or of a rule, in the downlink direction: source is the correspondent.
struct FlowTemplate {
  std::string name;
  std::uint16_t priority{};  ///< smaller is matched first (RFC 6089 FID-PRI)
  wire::TrafficSelector6 selector;
  std::vector<wire::TrafficSelector6> alternatives{};  ///< what one of these matches belongs to it, too
  friend bool operator==(const FlowTemplate&, const FlowTemplate&) = default;
};

/// The links through one MAG, or of one access technology.
struct LinkPattern {
  std::string mag;  ///< empty: any
  std::optional<wire::AccessTechnology> technology{};
  friend bool operator==(const LinkPattern&, const LinkPattern&) = default;
};

/// What a link may be like at most to be taken. One that was found worse is taken again when it has become
/// better by the margin: values about the limit must not move flows to and fro.
struct LinkLimits {
  std::optional<Duration> round_trip{};  ///< of heartbeats
  std::optional<unsigned> loss{};        ///< of heartbeats, percent
  std::optional<std::uint64_t> load{};   ///< through the MAG, bits a second
  unsigned margin = 20;                  ///< percent of the limit
  bool any() const { return round_trip || loss || load; }
  friend bool operator==(const LinkLimits&, const LinkLimits&) = default;
};

/// One rule. It governs flows of its own, those of a service, or the default flow.
struct FlowRule {
  std::string policy;  ///< whose rule it is
  std::string name;
  std::uint16_t position{};     ///< in its policy
  std::string service{};        ///< it governs the flows of this service
  Shared<FlowTemplate> flow{};  ///< it brings this flow; neither: it governs the default flow
  std::vector<LinkPattern> prefer{};
  bool others = true;   ///< a link that is not listed carries the flow when none that is can
  bool returns = true;  ///< the flow goes back to a better link when that can carry it again
  Duration hold_down = std::chrono::seconds(10);  ///< after the better link has been well for so long
  LinkLimits limits{};
  SpreadKind spread{};                  ///< over the links of `prefer` that can carry it
  std::vector<std::uint16_t> shares{};  ///< of each of `prefer`, with Shares; zero: none of the new ones
  bool governs_default() const { return service.empty() && !flow; }
  friend bool operator==(const FlowRule&, const FlowRule&) = default;
};

/// What several binding references of one announced flow mean (docs/adr/0061).
enum class SeveralBindings {
  Copies,  ///< each packet by all of them (RFC 6089 section 4.3)
  First,   ///< by the first that is there, the others are where it goes next
};

/// Rules in the order in which they are tried, and whose they are.
struct FlowPolicy {
  std::string name;
  std::vector<Shared<FlowRule>> rules{};
  std::vector<std::string> mobile_nodes{};  ///< by MN-ID; before those of a group
  std::vector<std::string> groups{};
  bool is_default = false;  ///< of nodes that no other policy is for
  friend bool operator==(const FlowPolicy&, const FlowPolicy&) = default;
};

}  // namespace flowmob::core
