// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/strong_id.h"
#include "core/flow/flow_key.h"

namespace flowmob::core {

/// What a gateway's data plane says of a flow that a watched node sends by it (docs/adr/0062).
struct FlowSighting {
  enum class Kind {
    New,         ///< its downlink does not come this way; said once
    Unanswered,  ///< it still does not; said every few seconds
    Alive,       ///< it does, of a flow of which was told; said every few seconds
  };
  SessionId attachment;
  FlowKey flow;
  Kind kind{};
};

/// By what its announcements are called.
std::string name_of(const FlowSighting& sighting);

}  // namespace flowmob::core
