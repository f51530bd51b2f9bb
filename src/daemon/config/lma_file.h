// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "daemon/config/flow_row.h"
#include "daemon/config/load.h"
#include "daemon/config/policy_file.h"
#include "daemon/config/protocol_values.h"
#include "daemon/config/schema.h"

/// An LMA's file: [lma], [[interface]], [[mag]], [[service]], [[policy]], [[group]], [[mobile_node]].
namespace flowmob::daemon::config {

struct MagRow {
  core::MagPeer peer;
  Security security = Security::None;
};

struct InterfaceRow {
  std::string name;
  dataplane::Datapath datapath = dataplane::Datapath::Auto;
};

struct ServiceRow {
  core::ServiceProfile profile;
  std::vector<Element<FlowRow>> flows;
};

/// The file as it was read, value by value.
struct LmaFile {
  Element<LmaSettings> lma;
  std::vector<Element<InterfaceRow>> interfaces;
  std::vector<Element<MagRow>> mags;
  std::vector<Element<ServiceRow>> services;
  std::vector<Element<PolicyRow>> policies;
  std::vector<Element<core::NodeGroup>> groups;
  std::vector<Element<core::PolicyProfile>> mobile_nodes;
};

const Section<LmaFile>& lma_section();
/// What no single value shows: names used twice, overlaps, references to nothing.
void check_lma(const LmaFile& file, const LoadOptions& options, Diagnostics& diagnostics);
LmaSettings assemble(LmaFile file);

}  // namespace flowmob::daemon::config
