// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.h"

namespace flowmob::core {

/// What is known of a node's presence on its link (RFC 5213 section 6.13).
struct Presence {
  TimePoint heard;  ///< its last word; as long as it is recent the node is there
  TimePoint next;   ///< when to ask, or to give up
  unsigned unanswered = 0;
  bool refresh_waits = false;  ///< for its next word

  bool is_proven(TimePoint now, Duration interval) const {
    return unanswered == 0 && now - heard <= interval;
  }
};

}  // namespace flowmob::core
