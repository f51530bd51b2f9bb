// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/flow/flow_rule.h"
#include "daemon/config/policy_values.h"
#include "daemon/config/schema.h"

/// A flow by one selector: of a service in an LMA's file, or one that a MAG announces.
namespace flowmob::daemon::config {

struct FlowRow {
  core::FlowTemplate flow;
  std::optional<NextHeader> protocol;
  bool at_attachment = true;           ///< of a MAG's
  std::vector<std::uint16_t> also_by;  ///< likewise
};

Section<FlowRow> flow_section(std::string title);
/// What no single value shows; `otherwise`: what to write for a flow of everything.
void check_flow(const Element<FlowRow>& flow, const char* otherwise, Diagnostics& diagnostics);
core::FlowTemplate flow_of(const FlowRow& row);

}  // namespace flowmob::daemon::config
