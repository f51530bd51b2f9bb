// SPDX-License-Identifier: Apache-2.0
#include "core/mag/bulk_revocation.h"

#include <algorithm>

namespace flowmob::core {
namespace {

using Status = wire::RevocationStatus;

constexpr auto kTrigger = wire::RevocationTrigger::PerPeerPolicy;

/// The LMA may believe that it is here.
bool is_known(const Attachment& a) {
  return a.state != AttachmentState::Departed && a.state != AttachmentState::Refused;
}

/// A MAG that no LMA knows any more of is as good as revoked.
bool has_ended(std::optional<Status> status) {
  return status == Status::Success || status == Status::PartialSuccess ||
         status == Status::BindingDoesNotExist;
}

}  // namespace

/// What the LMA may still believe is hidden until it has answered.
void BulkRevocation::cut_all(Now now) {
  for (const auto id : context_.bindings.ids())
    if (auto& attachment = *context_.bindings.find(id); attachment.state != AttachmentState::Departed)
      detector_.retire(now, attachment);
}

/// First of all the LMA is told: until it knows it sends into the void.
Result<Json> BulkRevocation::begin(Now now) {
  std::vector<SessionId> known;
  for (const auto& [id, attachment] : context_.bindings.entries())
    if (is_known(attachment)) known.push_back(id);
  if (is_authorized_ && !known.empty()) send(now, known);
  cut_all(now);
  if (known.empty()) return fail("no-session", "no mobile node is registered");
  if (!is_authorized_) deregister(now, known);
  return Json{
      {"revocations", Json::array({{{"trigger", wire::to_string(kTrigger)}, {"sessions", known.size()}}})}};
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
  for (auto& sent : due.again) {
    if (has_newcomers()) {
      initiator_.cancel(sent.sequence);
      end(now, sent.sequence, std::nullopt);
      continue;
    }
    ++counters_.retransmissions;
    context_.emit(std::move(sent.message));
  }
  for (const auto sequence : due.unanswered) end(now, sequence, std::nullopt);
}

/// They would be meant as well, should the LMA hear only what is said again.
bool BulkRevocation::has_newcomers() const {
  return std::ranges::any_of(context_.bindings.entries(),
                             [](const auto& entry) { return is_known(entry.second); });
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
