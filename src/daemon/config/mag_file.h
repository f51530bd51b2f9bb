// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/config/flow_row.h"
#include "daemon/config/load.h"
#include "daemon/config/protocol_values.h"
#include "daemon/config/schema.h"

/// A MAG's file: [mag], [lma], [[path]], [[access]], [[mobile_node]].
namespace flowmob::daemon::config {

struct MagHead {
  MagSettings settings;
  Duration router_lifetime = std::chrono::seconds(core::MagConfig{}.router_lifetime);
};

struct AnchorRow {
  Ipv6Address address;
  core::GreWish gre = core::GreWish::None;
  Security security = Security::None;
};

struct AccessRow {
  core::AccessConfig access;
  std::vector<Element<FlowRow>> flows;
  std::uint8_t binding_priority = 0;  ///< zero: not given
  Decider decider = Decider::Lma;
  Ipv6Prefix visited_prefix;  ///< length zero: none
  std::vector<AttachTrigger> attach_on{AttachTrigger::RouterSolicitation};
};

struct HostedNodeRow {
  core::MagPolicyProfile profile;
  std::vector<std::string> services;
  std::vector<Element<FlowRow>> flows;
  std::optional<Decider> decider;
};

/// The file as it was read, value by value.
struct MagFile {
  Element<MagHead> mag;
  Element<AnchorRow> lma;
  std::vector<Element<core::PathConfig>> paths;
  std::vector<Element<AccessRow>> accesses;
  std::vector<Element<HostedNodeRow>> mobile_nodes;
};

const Section<MagFile>& mag_section();
/// What no single value shows: names used twice, references to nothing, timers that contradict.
void check_mag(const MagFile& file, const LoadOptions& options, Diagnostics& diagnostics);
MagSettings assemble(MagFile file);

}  // namespace flowmob::daemon::config
