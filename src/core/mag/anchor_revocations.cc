// SPDX-License-Identifier: Apache-2.0
#include "core/mag/anchor_revocations.h"

#include <algorithm>

namespace flowmob::core {
namespace {

using Status = wire::RevocationStatus;
using enum wire::RevocationTrigger;

const std::vector<wire::RevocationTrigger> kSupported{Unspecified,
                                                      Administrative,
                                                      InterMagHandoverSameAccess,
                                                      InterMagHandoverDifferentAccess,
                                                      InterMagHandoverUnknown,
                                                      UserInitiatedTermination,
                                                      AccessNetworkTermination,
                                                      PossibleOutOfSync,
                                                      PerPeerPolicy,
                                                      RevokingNodeLocalPolicy};

/// Less than the LMA waits before it asks again (InitMINDelayBRIs, at least 0.5 s).
constexpr Duration kAnswersWithin = std::chrono::milliseconds(400);

/// Known to the LMA, as far as we can tell.
bool is_bound(const Attachment& a) {
  return a.state == AttachmentState::Registered || a.state == AttachmentState::Registering;
}

/// A node that an administrator or its access network sent away does not come back by just soliciting; one
/// that is said to be elsewhere, or out of step, may.
bool may_return(wire::RevocationTrigger trigger) {
  return is_handover(trigger) || trigger == PossibleOutOfSync || trigger == Unspecified;
}

}  // namespace

void AnchorRevocations::handle(Now now, RevocationRequest request) {
  ++counters_.indications_received;
  if (auto again = memory_.find(now.monotonic, request)) return context_.emit(std::move(*again));
  if (is_asked_already(request)) return;
  auto verdict = judge(request);
  if (!verdict.revoked.empty() && is_handover(request.trigger()))
    return ask(now, std::move(request), std::move(verdict));
  answer(now, request, std::move(verdict));
}

AnchorRevocations::Verdict AnchorRevocations::judge(const RevocationRequest& request) const {
  if (const auto status = check_form(request, kSupported); status != Status::Success) return {status, {}, {}};
  if (!request.indication.global) return judge_node(request);
  if (!request.indication.proxy) return {Status::FunctionNotSupported, {}, {}};
  return request.trigger() == PerPeerPolicy ? judge_all(request) : judge_realm(request);
}

/// All that is registered at this LMA, which is the only one; options would say less than that.
AnchorRevocations::Verdict AnchorRevocations::judge_all(const RevocationRequest& request) const {
  if (request.has_options) return {Status::FunctionNotSupported, {}, {}};
  Verdict verdict{Status::Success, {}, {}};
  for (const auto& [id, attachment] : context_.bindings.entries())
    if (is_bound(attachment)) verdict.revoked.push_back(id);
  if (verdict.revoked.empty()) verdict.status = Status::BindingDoesNotExist;
  return verdict;
}

AnchorRevocations::Verdict AnchorRevocations::judge_realm(const RevocationRequest& request) const {
  Verdict verdict{Status::RevokedMobileNodesIdentityRequired, {}, {}};
  if (!request.mn_id || !is_realm_identifier(*request.mn_id)) return verdict;
  if (request.care_of && !context_.config.has_address(*request.care_of)) return verdict;
  for (const auto& [id, attachment] : context_.bindings.entries())
    if (is_bound(attachment) && is_in_realm(attachment.mn_id, *request.mn_id)) verdict.revoked.push_back(id);
  if (!verdict.revoked.empty()) verdict.status = Status::Success;
  return verdict;
}

/// By the identifier alone all that the node has here; with prefixes, what has one of them.
AnchorRevocations::Verdict AnchorRevocations::judge_node(const RevocationRequest& request) const {
  if (!request.indication.proxy) return {Status::BindingDoesNotExist, {}, {}};
  if (!request.mn_id) return {Status::RevokedMobileNodesIdentityRequired, {}, {}};
  if (request.indication.ipv4_only && !request.ipv4_home)
    return {Status::Ipv4HomeAddressOptionRequired, {}, {}};
  Verdict verdict{Status::BindingDoesNotExist, {}, {}};
  if (request.care_of && !context_.config.has_address(*request.care_of)) return verdict;
  if (request.indication.ipv4_only) return judge_ipv4(request);
  std::vector<Ipv6Prefix> unknown = request.prefixes;
  for (const auto& [id, attachment] : context_.bindings.entries()) {
    const auto is_its_own = [&own = attachment.prefixes](const Ipv6Prefix& p) {
      return std::ranges::find(own, p) != own.end();
    };
    if (!is_bound(attachment) || attachment.mn_id != *request.mn_id) continue;
    if (!request.prefixes.empty() && std::ranges::none_of(request.prefixes, is_its_own)) continue;
    verdict.revoked.push_back(id);
    std::erase_if(unknown, is_its_own);
  }
  if (verdict.revoked.empty()) return verdict;
  verdict.status = unknown.empty() ? Status::Success : Status::PartialSuccess;
  if (unknown.empty()) return verdict;
  verdict.failed.push_back(wire::MobileNodeIdentifier{wire::MobileNodeIdentifier::kNai,
                                                      Bytes(request.mn_id->begin(), request.mn_id->end())});
  for (const auto& prefix : unknown) verdict.failed.push_back(wire::HomeNetworkPrefixOption::of(prefix));
  return verdict;
}

/// The IPv4 home address alone; the prefixes stay.
AnchorRevocations::Verdict AnchorRevocations::judge_ipv4(const RevocationRequest& request) const {
  Verdict verdict{Status::BindingDoesNotExist, {}, {}};
  for (const auto& [id, attachment] : context_.bindings.entries()) {
    if (!is_bound(attachment) || attachment.mn_id != *request.mn_id || !attachment.ipv4_home) continue;
    if (attachment.ipv4_home->address.address == *request.ipv4_home) verdict.revoked.push_back(id);
  }
  if (!verdict.revoked.empty()) verdict.status = Status::Success;
  return verdict;
}

bool AnchorRevocations::is_asked_already(const RevocationRequest& request) const {
  return std::ranges::any_of(asked_,
                             [&](const Asked& a) { return a.request.indication == request.indication; });
}

void AnchorRevocations::ask(Now now, RevocationRequest request, Verdict verdict) {
  for (const auto id : verdict.revoked) detector_.ask(*context_.bindings.find(id));
  asked_.push_back({std::move(request), std::move(verdict), now.monotonic, now.monotonic + kAnswersWithin});
  settle(now);
}

/// Whether one of the nodes is there: it has been heard since, or its link is up and nobody could ask it.
/// Where every link is down, none is.
AnchorRevocations::Presence AnchorRevocations::presence_of(const Asked& asked, TimePoint now) const {
  bool may_be_there = false;
  for (const auto id : asked.verdict.revoked) {
    const auto* attachment = context_.bindings.find(id);
    if (!attachment || !is_bound(*attachment) || detector_.links().is_down(attachment->access)) continue;
    const auto& access = *context_.access(attachment->access);
    if (attachment->heard && *attachment->heard > asked.since) return Presence::There;
    if (access.attach_on_carrier || attachment->node_link_local.is_unspecified()) return Presence::There;
    may_be_there = true;
  }
  return may_be_there && now < asked.until ? Presence::Unknown : Presence::Gone;
}

void AnchorRevocations::settle(Now now) {
  for (std::size_t i = 0; i < asked_.size();) {
    const auto presence = presence_of(asked_[i], now.monotonic);
    if (presence == Presence::Unknown) {
      ++i;
      continue;
    }
    Asked done = std::move(asked_[i]);
    asked_.erase(asked_.begin() + static_cast<std::ptrdiff_t>(i));
    if (presence == Presence::There) done.verdict = {Status::MobileNodeIsAttached, {}, {}};
    answer(now, done.request, std::move(done.verdict));
  }
}

std::optional<TimePoint> AnchorRevocations::next_deadline() const {
  std::optional<TimePoint> next;
  for (const auto& asked : asked_)
    if (!next || asked.until < *next) next = asked.until;
  return next;
}

void AnchorRevocations::answer(Now now, const RevocationRequest& request, Verdict verdict) {
  ++counters_.answered[verdict.status];
  context_.notify("revocation-received", Json{{"trigger", wire::to_string(request.trigger())},
                                              {"status", wire::to_string(verdict.status)},
                                              {"sessions", verdict.revoked.size()}});
  auto message = acknowledge(request, verdict.status, std::move(verdict.failed));
  memory_.note(now.monotonic, request, message);
  context_.emit(std::move(message));
  detach(now, request, verdict.revoked);
}

void AnchorRevocations::detach(Now now, const RevocationRequest& request,
                               const std::vector<SessionId>& revoked) {
  for (const auto id : revoked) {
    auto* attachment = context_.bindings.find(id);
    if (!attachment || !is_bound(*attachment)) continue;
    if (request.indication.ipv4_only && attachment->ipv6)
      detector_.release_revoked_ipv4(now, *attachment, may_return(request.trigger()));
    else if (request.trigger() == PossibleOutOfSync)
      detector_.attach_anew(now, *attachment);
    else
      detector_.detach_revoked(now, *attachment, may_return(request.trigger()));
  }
}

}  // namespace flowmob::core
