// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "base/strong_id.h"
#include "platform/dataplane/ring_queue.h"

namespace flowmob::dataplane {

/// `mtu`: the longest that the attachment's tunnel carries; `packet`: whole, as it came from the node.
using OnPacketToCut = std::function<void(SessionId attachment, std::size_t mtu, ByteView packet)>;

/// The packets of IPv4 that a gateway's data plane could not send, for being too long, and that may be cut
/// (docs/adr/0058). It hands over as many as there is room for, and counts the others as too big. "bpf-map".
Result<std::unique_ptr<RingQueue>> open_cut_queue(const BpfObject& object, OnPacketToCut on_packet);

}  // namespace flowmob::dataplane
