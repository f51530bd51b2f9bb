// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/lma/node_edits.h"
#include "core/peer/revocation_memory.h"

namespace flowmob::core {

/// Revocations that a MAG asks for (RFC 5846 section 8.2): of sessions that are registered through it, and no
/// others. They end as if it had de-registered each of them.
class GatewayRevocations {
 public:
  GatewayRevocations(AnchorState& state, NodeEdits& edits) : state_(state), edits_(edits) {}

  void handle(Now now, const RevocationRequest& request);

 private:
  using Status = wire::RevocationStatus;
  struct Verdict {
    Status status{};
    wire::MobilityOptions failed;
  };
  Verdict judge(Now now, const RevocationRequest& request);
  Verdict revoke_all(Now now, const RevocationRequest& request);
  Verdict revoke_node(Now now, const RevocationRequest& request);
  Verdict revoke_ipv4(Now now, const RevocationRequest& request, const std::vector<Ipv6Address>& paths);
  HandoverCause cause() { return state_.handovers.cause(HandoverTrigger::Revocation, {{"by", "mag"}}); }
  bool end_sessions(Now now, const MobileNode& node, const std::vector<Ipv6Address>& paths);

  AnchorState& state_;
  NodeEdits& edits_;
  RevocationMemory memory_;
};

}  // namespace flowmob::core
