// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "base/time.h"
#include "core/mag/flow_sighting.h"
#include "packet.h"

namespace flowmob::sim {

/// What a gateway's data plane notices of flows that nodes move by themselves: src/dataplane/notice.h on
/// virtual time. Rows outlive the daemon.
class FlowNotices {
 public:
  using Tell = std::function<void(const core::FlowSighting&)>;
  explicit FlowNotices(Tell tell) : tell_(std::move(tell)) {}

  /// A packet of a watched attachment, to and from it.
  void up(Duration now, SessionId attachment, const Packet& packet);
  void down(Duration now, const Packet& packet);
  void lose_power() { rows_.clear(); }

 private:
  struct Row {
    SessionId attachment;
    Duration last_up{};
    std::optional<Duration> said{};
    Duration unanswered{}, usual{};
    unsigned packets = 0;
    bool is_told = false;
    Duration going_on(Duration now) const;
    std::optional<core::FlowSighting::Kind> to_tell(Duration now) const;
  };
  Tell tell_;
  std::map<std::pair<Flow, Ipv6Address>, Row> rows_;
};

}  // namespace flowmob::sim
