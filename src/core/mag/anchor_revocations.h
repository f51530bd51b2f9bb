// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/attachment_detector.h"
#include "core/peer/revocation_counters.h"
#include "core/peer/revocation_memory.h"

namespace flowmob::core {

/// Revocations that the LMA asks for (RFC 5846 section 9.1). Whoever is said to have gone to another MAG is
/// looked for first: on a link that is up its node is asked, and the answer waits for a moment.
class AnchorRevocations {
 public:
  AnchorRevocations(MagContext& context, AttachmentDetector& detector, RevocationCounters& counters)
      : context_(context), detector_(detector), counters_(counters) {}

  void handle(Now now, RevocationRequest request);
  /// Nodes may have been heard, or have gone.
  void settle(Now now);
  std::optional<TimePoint> next_deadline() const;

 private:
  using Status = wire::RevocationStatus;
  struct Verdict {
    Status status{};
    std::vector<SessionId> revoked;
    wire::MobilityOptions failed;
  };
  /// Its node is asked whether it is there.
  struct Asked {
    RevocationRequest request;
    Verdict verdict;
    TimePoint since, until;
  };
  enum class Presence { Gone, There, Unknown };

  Verdict judge(const RevocationRequest& request) const;
  Verdict judge_all(const RevocationRequest& request) const;
  Verdict judge_realm(const RevocationRequest& request) const;
  Verdict judge_node(const RevocationRequest& request) const;
  Verdict judge_ipv4(const RevocationRequest& request) const;
  bool is_asked_already(const RevocationRequest& request) const;
  Presence presence_of(const Asked& asked, TimePoint now) const;
  void ask(Now now, RevocationRequest request, Verdict verdict);
  void answer(Now now, const RevocationRequest& request, Verdict verdict);
  void detach(Now now, const RevocationRequest& request, const std::vector<SessionId>& revoked);

  MagContext& context_;
  AttachmentDetector& detector_;
  RevocationCounters& counters_;
  RevocationMemory memory_;
  std::vector<Asked> asked_;
};

}  // namespace flowmob::core
