// SPDX-License-Identifier: Apache-2.0
#include "core/lma/gateway_revocations.h"

#include <algorithm>

#include "core/lma/identifier.h"

namespace flowmob::core {
namespace {

using Status = wire::RevocationStatus;
using enum wire::RevocationTrigger;

/// Section 8.2 has the MAG name itself; a realm of nodes is revoked by LMAs alone (section 8.1).
const std::vector<wire::RevocationTrigger> kSupported{Unspecified,
                                                      Administrative,
                                                      InterMagHandoverSameAccess,
                                                      InterMagHandoverDifferentAccess,
                                                      InterMagHandoverUnknown,
                                                      UserInitiatedTermination,
                                                      AccessNetworkTermination,
                                                      PossibleOutOfSync,
                                                      PerPeerPolicy};

/// The care-of addresses that are meant: the one that it names if it is the MAG's, else all of them.
std::vector<Ipv6Address> paths_of(const MagPeer& mag, const RevocationRequest& request) {
  if (!request.care_of) return mag.addresses();
  return mag.has(*request.care_of) ? std::vector{*request.care_of} : std::vector<Ipv6Address>{};
}

bool is_among(const std::vector<Ipv6Address>& paths, const Ipv6Address& mag) {
  return std::ranges::find(paths, mag) != paths.end();
}

}  // namespace

void GatewayRevocations::handle(Now now, const RevocationRequest& request) {
  const auto* mag = state_.policy.mag(request.meta.source);
  if (!mag) return state_.drop(now, "not-a-peer", request.meta);
  ++state_.statistics.revocation.indications_received;
  if (auto again = memory_.find(now.monotonic, request)) return state_.effects.push(std::move(*again));
  auto verdict = judge(now, request);
  ++state_.statistics.revocation.answered[verdict.status];
  state_.notify_limited(now, "revocation-received",
                        {{"mag", mag->name},
                         {"trigger", wire::to_string(request.trigger())},
                         {"status", wire::to_string(verdict.status)}});
  auto answer = acknowledge(request, verdict.status, std::move(verdict.failed));
  memory_.note(now.monotonic, request, answer);
  state_.effects.push(std::move(answer));
}

GatewayRevocations::Verdict GatewayRevocations::judge(Now now, const RevocationRequest& request) {
  if (const auto status = check_form(request, kSupported); status != Status::Success) return {status, {}};
  return request.indication.global ? revoke_all(now, request) : revoke_node(now, request);
}

/// Section 13: whoever may end all sessions of a MAG at once is configured.
GatewayRevocations::Verdict GatewayRevocations::revoke_all(Now now, const RevocationRequest& request) {
  const auto& mag = *state_.policy.mag(request.meta.source);
  if (!request.indication.proxy) return {Status::FunctionNotSupported, {}};
  if (request.mn_id != mag.name || !mag.global_revocation) return {Status::GlobalRevocationNotAuthorized, {}};
  const auto paths = paths_of(mag, request);
  const auto is_of = [paths](const Session& s) { return is_among(paths, s.mag); };
  const bool any = std::ranges::any_of(
      state_.cache.nodes(), [&](const auto& row) { return std::ranges::any_of(row.second.sessions, is_of); });
  if (!any) return {Status::BindingDoesNotExist, {}};
  const auto deadline = Deadline::after(now, state_.policy.config().min_delay_before_bce_delete);
  edits_.make_all(cause(), [this, is_of, deadline](const MobileNode& node) {
    return in_delete_wait(state_.policy, node, is_of, deadline, "binding-revoked");
  });
  return {Status::Success, {}};
}

bool GatewayRevocations::end_sessions(Now now, const MobileNode& node,
                                      const std::vector<Ipv6Address>& paths) {
  const auto is_of = [paths](const Session& s) { return is_among(paths, s.mag); };
  if (std::ranges::none_of(node.sessions, is_of)) return false;
  const auto deadline = Deadline::after(now, state_.policy.config().min_delay_before_bce_delete);
  edits_.make(node, cause(), [this, is_of, deadline](const MobileNode& n) {
    return in_delete_wait(state_.policy, n, is_of, deadline, "binding-revoked");
  });
  return true;
}

/// The IPv4 home address alone; a session of nothing else ends with it.
GatewayRevocations::Verdict GatewayRevocations::revoke_ipv4(Now now, const RevocationRequest& request,
                                                            const std::vector<Ipv6Address>& paths) {
  if (!request.ipv4_home) return {Status::Ipv4HomeAddressOptionRequired, {}};
  const auto* node = state_.cache.find(*request.ipv4_home);
  const auto has_ipv4 = [paths](const Session& s) {
    return is_among(paths, s.mag) && s.ipv4 && !s.in_delete_wait;
  };
  if (!node || node->mn_id != *request.mn_id || std::ranges::none_of(node->sessions, has_ipv4))
    return {Status::BindingDoesNotExist, {}};
  const auto deadline = Deadline::after(now, state_.policy.config().min_delay_before_bce_delete);
  edits_.make(*node, cause(), [this, has_ipv4, deadline](const MobileNode& n) {
    const auto keeps_prefixes = [&](const Session& s) { return has_ipv4(s) && s.ipv6; };
    if (std::ranges::any_of(n.sessions, keeps_prefixes))
      return without_ipv4(state_.policy, n, keeps_prefixes, "address-revoked");
    return in_delete_wait(state_.policy, n, has_ipv4, deadline, "binding-revoked");
  });
  return {Status::Success, {}};
}

/// The four cases of section 8.2. The node's prefixes say which of its bindings are meant; those that were
/// released before are told apart.
GatewayRevocations::Verdict GatewayRevocations::revoke_node(Now now, const RevocationRequest& request) {
  const auto& mag = *state_.policy.mag(request.meta.source);
  if (!request.indication.proxy) return {Status::BindingDoesNotExist, {}};
  if (!request.mn_id) return {Status::RevokedMobileNodesIdentityRequired, {}};
  const auto paths = paths_of(mag, request);
  if (paths.empty()) return {Status::BindingDoesNotExist, {}};
  if (request.indication.ipv4_only) return revoke_ipv4(now, request, paths);

  std::vector<Ipv6Prefix> unknown = request.prefixes;
  bool any = false;
  for (const auto* node : state_.cache.find_all(*request.mn_id)) {
    const auto is_its_own = [&](const Ipv6Prefix& p) {
      return std::ranges::find(node->prefixes, p) != node->prefixes.end();
    };
    const bool is_meant = request.prefixes.empty() || std::ranges::any_of(request.prefixes, is_its_own);
    if (!is_meant || !end_sessions(now, *node, paths)) continue;
    any = true;
    std::erase_if(unknown, [&](const auto& p) { return is_its_own(p); });
  }
  if (!any) return {Status::BindingDoesNotExist, {}};
  if (unknown.empty()) return {Status::Success, {}};
  Verdict partial{Status::PartialSuccess,
                  {wire::MobileNodeIdentifier{wire::MobileNodeIdentifier::kNai, to_bytes(*request.mn_id)}}};
  for (const auto& prefix : unknown) partial.failed.push_back(wire::HomeNetworkPrefixOption::of(prefix));
  return partial;
}

}  // namespace flowmob::core
