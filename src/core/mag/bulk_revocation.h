// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/attachment_detector.h"
#include "core/peer/revocation_counters.h"
#include "core/peer/revocation_initiator.h"

namespace flowmob::core {

/// Ends everything that is registered at the LMA with one message (RFC 5846 section 9.2): access is shut down
/// by an administrator. Where the LMA does not permit that, or does not answer, every node is de-registered
/// by itself.
class BulkRevocation {
 public:
  BulkRevocation(MagContext& context, Registrar& registrar, AttachmentDetector& detector,
                 RevocationCounters& counters)
      : context_(context),
        registrar_(registrar),
        detector_(detector),
        counters_(counters),
        initiator_(context.config.address) {}

  /// {"revocations": [{"trigger", "sessions"}]}; "no-session".
  Result<Json> begin(Now now);

  bool awaits_answer() const { return !outstanding_.empty(); }
  void handle_acknowledgement(Now now, const wire::BindingRevocationAcknowledgement& answer);
  /// A Binding Error of status 2.
  void handle_refusal(Now now);
  void handle_timeout(Now now);
  std::optional<TimePoint> next_deadline() const { return initiator_.next_deadline(); }

 private:
  using Status = wire::RevocationStatus;
  void cut_all(Now now);
  bool has_newcomers() const;
  void send(Now now, std::vector<SessionId> sessions);
  void end(Now now, RevocationInitiator::Sequence sequence, std::optional<Status> status);
  void deregister(Now now, const std::vector<SessionId>& sessions);

  MagContext& context_;
  Registrar& registrar_;
  AttachmentDetector& detector_;
  RevocationCounters& counters_;
  RevocationInitiator initiator_;
  std::map<RevocationInitiator::Sequence, std::vector<SessionId>> outstanding_;
  bool is_authorized_ = true;  ///< as far as the LMA has said
};

}  // namespace flowmob::core
