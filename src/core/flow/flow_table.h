// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/strong_id.h"
#include "core/lma/config.h"

namespace flowmob::core {

/// The name of the flow that takes what no selector matches.
constexpr std::string_view kDefaultFlow = "*";

/// One flow of a mobile node and the session it goes by.
struct FlowBinding {
  FlowIndex index;
  std::string service;        ///< identifier of the service profile it came from; empty: the default flow
  Shared<FlowTemplate> flow;  ///< empty: the default flow
  SessionId wanted;           ///< the session it is bound to; zero when that one is gone for good
  SessionId current;          ///< the one it uses now; zero: none is alive
  std::uint64_t moves{};
  bool is_awaited = false;  ///< by `wanted`: it has not gone there since it was bound to it

  bool is_default() const { return !flow; }
  std::string_view name() const { return flow ? std::string_view(flow->name) : kDefaultFlow; }
  friend bool operator==(const FlowBinding&, const FlowBinding&) = default;
};

enum class FlowState { Active, Fallback, Inactive };
FlowState state_of(const FlowBinding& flow);
std::string_view to_string(FlowState state);  ///< "active", "fallback", "inactive"

/// Gives every new flow its number. Numbers are not used again.
class FlowNumbers {
 public:
  FlowIndex next() { return FlowIndex{++last_}; }
  void skip_to(FlowIndex used) { last_ = last_ > used.value ? last_ : used.value; }

 private:
  std::uint32_t last_ = 0;
};

/// The flow bindings of one mobile node (RFC 6089 section 4.3 is its ancestor). A plain value: a change is
/// made on a copy, and the copy takes the original's place when the data plane has followed.
class FlowTable {
 public:
  FlowTable() = default;
  explicit FlowTable(FlowBinding default_flow) : bindings_{std::move(default_flow)} {}
  static FlowTable with_default(FlowIndex index);

  /// In ascending priority; the default flow is the last.
  const std::vector<FlowBinding>& bindings() const { return bindings_; }
  const FlowBinding& default_flow() const { return bindings_.back(); }
  const FlowBinding* find(std::string_view name) const;
  const FlowBinding* find(FlowIndex index) const;
  bool has_several(std::string_view name) const;

  /// A binding as it was kept; its place follows from its priority.
  void insert(FlowBinding flow);
  /// The service's flows, as its profile has them now, follow this session (RFC 5149; the latest PBU wins).
  void bind(const ServiceProfile& service, SessionId session, FlowNumbers& numbers);
  void move(FlowIndex flow, SessionId session);
  void bind_default(SessionId session) { move(default_flow().index, session); }
  /// A session is gone for good: what was bound to it stays where it fell back to.
  void forget(SessionId session);
  /// Every flow to its own session if that one is alive, else where it is, else where the default flow is,
  /// else to the smallest of `live`. To one that is `opening` only if there is no other; from one that opens
  /// once more and is `leaving` meanwhile, if there is another.
  void reselect(const std::vector<SessionId>& live, const std::vector<SessionId>& opening = {},
                SessionId leaving = {});
  /// The default flow is bound to what it uses, if it is bound to none.
  void adopt_default();

  friend bool operator==(const FlowTable&, const FlowTable&) = default;

 private:
  FlowBinding* find_in(std::string_view service, std::string_view name);
  FlowBinding* find_mutable(FlowIndex index);

  std::vector<FlowBinding> bindings_;
};

/// How a flow's path differs between two states of a table.
struct FlowEvent {
  enum class Kind { Moved, Fallback, Returned } kind;
  FlowBinding before;
  FlowBinding after;
};
std::vector<FlowEvent> differences(const FlowTable& before, const FlowTable& after);

}  // namespace flowmob::core
