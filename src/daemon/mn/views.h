// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/mn/flow_choices.h"
#include "platform/control_message.h"
#include "platform/dataplane/vif_dataplane.h"
#include "platform/netlink.h"

/// What the mobile node's control socket shows.
namespace flowmob::daemon {

/// The core's `show links` with what the kernel knows of each interface: addresses, counters, the link's MTU.
/// What routers said of the MTU is "advertised_mtu" then.
Result<platform::Json> links_view(platform::Netlink& netlink, platform::Json core_links);

/// {"flows":[{"protocol","source","source_port",...,"member","rule",...,"moves","idle_ms","traffic"}]}, the
/// busiest first. `members` are names by number, `choices` those of which the data plane has the rules.
platform::Json flows_view(std::vector<dataplane::VifFlow> flows, const std::vector<std::string>& members,
                          const std::vector<core::FlowChoices::Row>& choices);

}  // namespace flowmob::daemon
