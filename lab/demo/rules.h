// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace flowmob::lab {

/// What the demo makes of a daemon's file. Those that need no change stay as they are.
using FileChange = std::string(std::string_view daemon, std::string file);

/// Each packet of steering goes by both links: downwards as the anchor's file says, upwards as the mobile
/// node's.
FileChange with_redundant_flow;
/// The mobile node decides where its flows go, beginning with where video is, and the anchor follows what the
/// gateways notice. The anchor's rules do not count any more.
FileChange with_deciding_node;

}  // namespace flowmob::lab
