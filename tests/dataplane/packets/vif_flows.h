// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "platform/dataplane/vif_dataplane.h"

namespace flowmob::dataplane::testing {

/// Without what the kernel itself says to groups in the meantime.
inline std::vector<VifFlow> flows_of_tests(const VifDataplane& vif) {
  auto flows = vif.flows();
  std::erase_if(flows, [](const VifFlow& flow) { return flow.source.is_multicast(); });
  return flows;
}

}  // namespace flowmob::dataplane::testing
