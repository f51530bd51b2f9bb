// SPDX-License-Identifier: Apache-2.0
#include "core/lma/session_lookup.h"

#include <algorithm>

namespace flowmob::core {
namespace {

using Kind = LookupResult::Kind;
using wire::BindingStatus;
using enum wire::HandoffIndicator;

LookupResult update(const Session& session) { return {Kind::Update, session.id, {}}; }
LookupResult create() { return {Kind::New, {}, {}}; }
LookupResult reject(BindingStatus status) { return {Kind::Reject, {}, status}; }

template <class Condition>
const Session* first(const MobileNode& node, Condition condition) {
  const auto found = std::ranges::find_if(node.sessions, condition);
  return found == node.sessions.end() ? nullptr : &*found;
}

const Session* same_interface(const MobileNode& node, const PbuRequest& r) {
  if (r.link_layer_id.empty()) return nullptr;
  return first(node, [&](const Session& s) {
    return s.link_layer_id == r.link_layer_id && s.technology == *r.technology;
  });
}

const Session* same_link(const MobileNode& node, const PbuRequest& r) {
  return first(node, [&](const Session& s) { return s.mag == r.proxy_coa && s.technology == *r.technology; });
}

/// Sent again because the answer was lost: neither side knows a link-layer identifier to tell interfaces
/// apart by, so the link does (docs/adr/0011).
const Session* sent_again(const MobileNode& node, const PbuRequest& r) {
  if (!r.link_layer_id.empty()) return nullptr;
  const auto* session = same_link(node, r);
  return session && session->link_layer_id.empty() ? session : nullptr;
}

/// The session that a handoff between interfaces takes along.
const Session* handed_over(const MobileNode& node) {
  return node.sole() ? node.sole() : node.sole_in_delete_wait();
}

const Session* unnamed_interface(const MobileNode& node, const PbuRequest& r) {
  if (!r.link_layer_id.empty() || !r.hands_off(HandoffBetweenMags)) return nullptr;
  const auto fits = [&](const Session& s) {
    return s.link_layer_id.empty() && s.technology == *r.technology;
  };
  const auto* waiting = first(node, [&](const Session& s) { return s.in_delete_wait && fits(s); });
  return waiting ? waiting : first(node, fits);
}

/// Section 5.4.1.1 item 5 over all sessions that share the prefixes; HI 6 by RFC 7864 section 3.2.1.
LookupResult among_sessions_of_prefix(const MobileNode& node, const PbuRequest& r) {
  if (const auto* s = same_interface(node, r)) return update(*s);
  if (r.hands_off(NewInterfaceSharingPrefixes)) {
    const auto* again = sent_again(node, r);
    return again ? update(*again) : create();
  }
  if (const auto* s = same_link(node, r)) return update(*s);
  if (r.hands_off(HandoffBetweenInterfaces)) {
    const auto* s = handed_over(node);
    return s ? update(*s) : reject(BindingStatus::ReasonUnspecified);
  }
  if (const auto* s = unnamed_interface(node, r)) return update(*s);
  return create();
}

/// Section 5.4.1.1.
LookupResult by_prefix(const BindingCache& cache, const PbuRequest& r) {
  for (const auto& prefix : r.prefixes) {
    const auto* owner = cache.find(prefix);
    if (!owner) continue;
    if (owner->mn_id != r.mn_id) return reject(BindingStatus::NotAuthorizedForHomeNetworkPrefix);
    if (owner->prefixes != r.prefixes) return reject(BindingStatus::BcePbuPrefixSetDoNotMatch);
    return among_sessions_of_prefix(*owner, r);
  }
  return create();
}

/// What sections 5.4.1.2 items 3 to 5 and 5.4.1.3 have in common.
LookupResult by_handoff(const MobileNode& node, const PbuRequest& r) {
  if (r.hands_off(HandoffBetweenInterfaces))
    if (const auto* s = handed_over(node)) return update(*s);
  if (!r.hands_off(Unknown) || !node.sole()) return create();
  if (node.sole()->in_delete_wait) return update(*node.sole());  // what a hold would wait for has happened
  return {Kind::Hold, node.sole()->id, {}};
}

/// Section 5.4.1.2.
LookupResult by_link_layer_identifier(const MobileNode& node, const PbuRequest& r) {
  if (const auto* s = same_interface(node, r)) return update(*s);
  return by_handoff(node, r);
}

/// Section 5.4.1.3.
LookupResult by_mn_identifier(const MobileNode& node, const PbuRequest& r) {
  if (const auto* s = sent_again(node, r)) return update(*s);
  if (r.hands_off(HandoffBetweenMags) && node.sole()) return update(*node.sole());
  return by_handoff(node, r);
}

}  // namespace

LookupResult look_up(const BindingCache& cache, const PbuRequest& request) {
  if (!request.prefixes.empty()) return by_prefix(cache, request);
  const auto* node = cache.find(request.mn_id);
  if (!node) return create();
  return request.link_layer_id.empty() ? by_mn_identifier(*node, request)
                                       : by_link_layer_identifier(*node, request);
}

}  // namespace flowmob::core
