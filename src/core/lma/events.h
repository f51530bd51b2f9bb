// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/binding/mobile_node.h"
#include "core/effect.h"
#include "core/lma/policy.h"

/// What is told about bindings and flows.
namespace flowmob::core {

Json prefixes_json(const std::vector<Ipv6Prefix>& prefixes);

/// "access_network" and "vendor_options", where there are any.
void add_notes(const Shared<wire::MobilityOptions>& notes, Json& fields);

Notify session_event(std::string event, const Policy& policy, const MobileNode& node, const Session& session);

/// "binding-registered", "binding-handoff", "binding-revived" or "binding-extended": from `before` to
/// `after`.
Notify binding_event(const Policy& policy, const Session* before, const MobileNode& node,
                     const Session& after, const std::optional<std::string>& service);

/// Whether that is "binding-extended".
bool is_extension(const Session* before, const Session& after);

/// "flow-moved", "flow-fallback" or "flow-returned" of a flow whose path has changed.
Notify flow_event(const Policy& policy, const MobileNode& before, const MobileNode& after,
                  const FlowEvent& change);

/// The links that a flow takes at a time; null: one.
Json spread_json(const Policy& policy, const MobileNode& node, const Spread& spread);

/// "flow-spread" of every flow in which other links take part now.
void append_spread_events(const Policy& policy, const MobileNode& before, const MobileNode& after,
                          std::vector<Notify>& events);

}  // namespace flowmob::core
