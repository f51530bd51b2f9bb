// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/strong_id.h"
#include "core/flow/flow_rule.h"

namespace flowmob::core {

/// The name of the flow that takes what no selector matches.
constexpr std::string_view kDefaultFlow = "*";

/// How a link has fared as seen by one flow that a rule governs.
struct LinkMemory {
  SessionId session;
  bool is_well = false;
  bool was_well = false;             ///< at any time
  std::optional<TimePoint> since{};  ///< well again; none: it never failed this flow
  friend bool operator==(const LinkMemory&, const LinkMemory&) = default;
};

/// What a gateway has said of a flow (RFC 6089 section 4.3). Its number counts among what the same session
/// has announced (docs/adr/0061).
struct Announced {
  SessionId by;
  std::uint16_t flow_id{};
  std::vector<std::uint16_t> binding_ids;  ///< in the order of preference
  std::uint32_t turn{};                    ///< grows with each that brings something new
  friend bool operator==(const Announced&, const Announced&) = default;
};

/// One flow of a mobile node and the session it goes by.
struct FlowBinding {
  FlowIndex index;
  std::string service;        ///< identifier of the service profile it came from; empty: default or a rule's
  Shared<FlowTemplate> flow;  ///< empty: the default flow
  SessionId wanted;           ///< the session it is bound to; zero when that one is gone for good
  SessionId current;          ///< the one it uses now; zero: none is alive
  std::uint64_t moves{};
  bool is_awaited = false;  ///< by `wanted`: it has not gone there since it was bound to it

  /// The session that requests and commands have bound it to, whatever a rule wants; without one `wanted`.
  SessionId asked{};
  Shared<FlowRule> rule{};  ///< that governs it; empty: requests bind it
  bool is_pinned =
      false;  ///< by a command: the rule waits until `wanted` is gone for good, or it is released
  std::vector<LinkMemory> seen{};
  std::optional<TimePoint> left{};     ///< when it last had to leave a link that failed
  std::optional<TimePoint> revisit{};  ///< when a link that is held down may take it
  Spread spread{};                     ///< by which links beside `current`
  bool is_abroad = false;              ///< `current` is of another set of prefixes

  std::optional<Announced> announced{};  ///< by a gateway; none: it is a rule's, a service's or the default
  bool is_superseded = false;  ///< another session has announced the same packets later, and has them

  bool is_default() const { return !flow; }
  bool is_of_rule() const { return flow && service.empty() && !announced; }
  /// One that is announced and has no link is as if it were not there (RFC 6089 section 5.3.6).
  bool is_matched() const { return !announced || (current && !is_superseded); }
  std::string_view name() const { return flow ? std::string_view(flow->name) : kDefaultFlow; }
  friend bool operator==(const FlowBinding&, const FlowBinding&) = default;
};

enum class FlowState { Active, Fallback, Inactive, Superseded };
FlowState state_of(const FlowBinding& flow);
std::string_view to_string(FlowState state);  ///< "active", "fallback", "inactive", "superseded"

}  // namespace flowmob::core
