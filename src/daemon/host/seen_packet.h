// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/strong_id.h"
#include "base/time.h"
#include "platform/control_message.h"

/// What events say of packets that the data plane shows.
namespace flowmob::daemon {

/// {"protocol", "source", "source_port", "destination", "destination_port"} of an IP packet, and of what is
/// in a tunnel "inner"; as far as it can be read.
platform::Json describe_packet(ByteView packet);

/// "#7" for one that is gone.
std::string interface_name(InterfaceIndex interface);

/// When something of the monotonic line was.
WallTime wall_time(TimePoint time);

}  // namespace flowmob::daemon
