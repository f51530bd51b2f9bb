// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "core/mag/flow_sighting.h"
#include "platform/dataplane/ring_queue.h"

namespace flowmob::dataplane {

using OnSighting = std::function<void(const core::FlowSighting& sighting)>;

/// What a gateway's data plane says of flows that watched nodes send by it (docs/adr/0062). "bpf-map".
Result<std::unique_ptr<RingQueue>> open_notice_queue(const BpfObject& object, OnSighting on_sighting);

}  // namespace flowmob::dataplane
