// SPDX-License-Identifier: Apache-2.0
#include "core/mag/bulk_revocation.h"

namespace flowmob::core {
namespace {

using Status = wire::RevocationStatus;

constexpr auto kTrigger = wire::RevocationTrigger::PerPeerPolicy;

/// A MAG that no LMA knows any more of is as good as revoked.
bool has_ended(std::optional<Status> status) {
  return status == Status::Success || status == Status::PartialSuccess ||
         status == Status::BindingDoesNotExist;
}

}  // namespace

/// Service ends before anything is said to the LMA; what it may still believe is hidden until it has
/// answered.
std::vector<SessionId> BulkRevocation::cut_all(Now now) {
  std::vector<SessionId> cut;
  for (const auto id : context_.bindings.ids()) {
    auto& attachment = *context_.bindings.find(id);
    if (attachment.state == AttachmentState::Departed) continue;
    if (detector_.retire(now, attachment)) cut.push_back(id);
  }
  return cut;
}

Result<Json> BulkRevocation::begin(Now now) {
  auto cut = cut_all(now);
  if (cut.empty()) return fail("no-session", "no mobile node is registered");
  const Json answer{
      {"revocations", Json::array({{{"trigger", wire::to_string(kTrigger)}, {"sessions", cut.size()}}})}};
  if (is_authorized_)
    send(now, std::move(cut));
  else
    deregister(now, cut);
  return answer;
}

/// The identity by which the LMA knows us is our name.
void BulkRevocation::send(Now now, std::vector<SessionId> sessions) {
  const auto& config = context_.config;
  wire::BindingRevocationIndication indication;
  indication.trigger = kTrigger;
  indication.proxy = indication.global = true;
  indication.options = {wire::MobileNodeIdentifier{wire::MobileNodeIdentifier::kNai,
                                                   Bytes(config.name.begin(), config.name.end())}};
  auto sent = initiator_.begin(now, config.revocation, config.lma, std::move(indication));
  ++counters_.indications_sent;
  context_.notify("revocation-sent",
                  Json{{"trigger", wire::to_string(kTrigger)}, {"sessions", sessions.size()}});
  outstanding_.insert_or_assign(sent.sequence, std::move(sessions));
  context_.emit(std::move(sent.message));
}

void BulkRevocation::handle_acknowledgement(Now now, const wire::BindingRevocationAcknowledgement& answer) {
  if (!initiator_.handle_acknowledgement(context_.config.lma, answer.sequence))
    return context_.statistics.drop("unmatched-acknowledgement");
  ++counters_.acknowledgements_received;
  end(now, answer.sequence, answer.status);
}

void BulkRevocation::handle_refusal(Now now) {
  for (const auto sequence : initiator_.handle_refusal(context_.config.lma))
    end(now, sequence, Status::FunctionNotSupported);
}

void BulkRevocation::handle_timeout(Now now) {
  auto due = initiator_.handle_timeout(now.monotonic);
  for (auto& message : due.again) {
    ++counters_.retransmissions;
    context_.emit(std::move(message));
  }
  for (const auto sequence : due.unanswered) end(now, sequence, std::nullopt);
}

void BulkRevocation::end(Now now, RevocationInitiator::Sequence sequence, std::optional<Status> status) {
  const auto sessions = std::move(outstanding_.extract(sequence).mapped());
  const bool ended = has_ended(status);
  Json fields{{"trigger", wire::to_string(kTrigger)}};
  if (status) fields["status"] = wire::to_string(*status);
  if (!status) ++counters_.unanswered;
  context_.notify(!status ? "revocation-unanswered"
                  : ended ? "revocation-accepted"
                          : "revocation-refused",
                  std::move(fields));
  if (status == Status::GlobalRevocationNotAuthorized) is_authorized_ = false;  // not asked for again
  if (!ended) return deregister(now, sessions);
  for (const auto id : sessions)
    if (auto* attachment = context_.bindings.find(id);
        attachment && attachment->state == AttachmentState::Departed)
      registrar_.drop(*attachment);
}

void BulkRevocation::deregister(Now now, const std::vector<SessionId>& sessions) {
  for (const auto id : sessions)
    if (auto* attachment = context_.bindings.find(id);
        attachment && attachment->state == AttachmentState::Departed)
      registrar_.deregister_departed(now, *attachment);
}

}  // namespace flowmob::core
