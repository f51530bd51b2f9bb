// SPDX-License-Identifier: Apache-2.0
#include "core/lma/session_lookup.h"

#include <algorithm>

namespace flowmob::core {
namespace {

using Kind = LookupResult::Kind;
using wire::BindingStatus;
using enum wire::HandoffIndicator;

/// A binding cache entry with the node that has it.
struct Entry {
  const MobileNode* node = nullptr;
  const Session* session = nullptr;
  explicit operator bool() const { return session != nullptr; }
};
using Entries = std::vector<Entry>;

LookupResult update(const Entry& e) { return {Kind::Update, e.session->id, {}, e.node->index}; }
LookupResult create() { return {Kind::New, {}, {}, {}}; }
LookupResult reject(BindingStatus status) { return {Kind::Reject, {}, status, {}}; }

void append(Entries& entries, const MobileNode& node) {
  for (const auto& session : node.sessions) entries.push_back({&node, &session});
}

bool are_of_one_interface(const Session& a, const Session& b) {
  return a.link_layer_id == b.link_layer_id && a.technology == b.technology;
}

/// A MAG's paths (RFC 8278) are entries of their own, each with its number. Whoever has one path alone means
/// the interface: its first entry stands for all.
Entries of_path(Entries entries, const PbuRequest& r) {
  if (r.path) {
    std::erase_if(entries, [&](const Entry& e) {
      return e.session->path != 0 && e.session->path != r.path->binding_id;
    });
    std::stable_partition(entries.begin(), entries.end(),
                          [](const Entry& e) { return e.session->path != 0; });
    return entries;
  }
  Entries first;
  for (const auto& entry : entries)
    if (entry.session->path == 0 || std::ranges::none_of(first, [&](const Entry& e) {
          return e.node == entry.node && e.session->path != 0 &&
                 are_of_one_interface(*e.session, *entry.session);
        }))
      first.push_back(entry);
  return first;
}

Entries entries_of(const MobileNode& node, const PbuRequest& r) {
  Entries all;
  append(all, node);
  return of_path(std::move(all), r);
}

Entries entries_of(const BindingCache& cache, const PbuRequest& r) {
  Entries all;
  for (const auto* node : cache.find_all(r.mn_id)) append(all, *node);
  return of_path(std::move(all), r);
}

template <class Condition>
Entry first(const Entries& entries, Condition condition) {
  const auto found = std::ranges::find_if(entries, [&](const Entry& e) { return condition(*e.session); });
  return found == entries.end() ? Entry{} : *found;
}

Entry sole(const Entries& entries) { return entries.size() == 1 ? entries.front() : Entry{}; }

Entry sole_in_delete_wait(const Entries& entries) {
  Entries waiting;
  std::ranges::copy_if(entries, std::back_inserter(waiting),
                       [](const Entry& e) { return e.session->in_delete_wait; });
  return sole(waiting);
}

bool share_prefixes(const Entries& entries) {
  return std::ranges::all_of(entries, [&](const Entry& e) { return e.node == entries.front().node; });
}

Entry same_interface(const Entries& entries, const PbuRequest& r) {
  if (r.link_layer_id.empty()) return {};
  return first(entries, [&](const Session& s) {
    return s.link_layer_id == r.link_layer_id && s.technology == *r.technology;
  });
}

bool is_same_link(const Session& s, const PbuRequest& r) {
  return s.mag == r.proxy_coa && s.technology == *r.technology;
}

Entry same_link(const Entries& entries, const PbuRequest& r) {
  return first(entries, [&](const Session& s) { return is_same_link(s, r); });
}

/// Sent again because the answer was lost: neither side knows a link-layer identifier to tell interfaces
/// apart by, so the link does (docs/adr/0014).
Entry sent_again(const Entries& entries, const PbuRequest& r) {
  if (!r.link_layer_id.empty()) return {};
  return first(entries, [&](const Session& s) {
    return s.link_layer_id.empty() && s.handoff == *r.handoff && is_same_link(s, r);
  });
}

/// The session that a handoff between interfaces takes along. Of several that share their prefixes, which RFC
/// 5213 does not know, the one that is leaving.
Entry handed_over(const Entries& entries) {
  if (const auto only = sole(entries)) return only;
  return share_prefixes(entries) ? sole_in_delete_wait(entries) : Entry{};
}

Entry unnamed_interface(const Entries& entries, const PbuRequest& r) {
  if (!r.link_layer_id.empty() || !r.hands_off(HandoffBetweenMags)) return {};
  const auto fits = [&](const Session& s) {
    return s.link_layer_id.empty() && s.technology == *r.technology;
  };
  const auto waiting = first(entries, [&](const Session& s) { return s.in_delete_wait && fits(s); });
  return waiting ? waiting : first(entries, fits);
}

/// Section 5.4.1.1 item 5 over all sessions that share the prefixes; HI 6 by RFC 7864 section 3.2.1.
LookupResult among_sessions_of_prefix(const Entries& entries, const PbuRequest& r) {
  if (const auto e = same_interface(entries, r)) return update(e);
  if (r.hands_off(NewInterfaceSharingPrefixes)) {
    const auto again = sent_again(entries, r);
    return again ? update(again) : create();
  }
  if (const auto e = same_link(entries, r)) return update(e);
  if (r.hands_off(HandoffBetweenInterfaces)) {
    const auto e = handed_over(entries);
    return e ? update(e) : reject(BindingStatus::ReasonUnspecified);
  }
  if (const auto e = unnamed_interface(entries, r)) return update(e);
  return create();
}

/// Section 5.4.1.1. Somebody else's prefix counts before a set that does not fit.
LookupResult by_prefix(const BindingCache& cache, const PbuRequest& r) {
  const MobileNode* owner = nullptr;
  for (const auto& prefix : r.prefixes) {
    const auto* found = cache.find(prefix);
    if (found && found->mn_id != r.mn_id) return reject(BindingStatus::NotAuthorizedForHomeNetworkPrefix);
    if (found) owner = found;
  }
  if (!owner) return create();
  if (owner->prefixes != r.prefixes) return reject(BindingStatus::BcePbuPrefixSetDoNotMatch);
  return among_sessions_of_prefix(entries_of(*owner, r), r);
}

/// RFC 5844 section 3.1.2.7: the IPv4 home address in the place of the prefixes.
LookupResult by_ipv4_address(const BindingCache& cache, const PbuRequest& r) {
  const auto* owner = cache.find(*r.ipv4_address());
  if (!owner) return create();
  if (owner->mn_id != r.mn_id) return reject(BindingStatus::NotAuthorizedForIpv4HomeAddress);
  return among_sessions_of_prefix(entries_of(*owner, r), r);
}

/// What sections 5.4.1.2 items 3 to 5 and 5.4.1.3 have in common.
LookupResult by_handoff(const Entries& entries, const PbuRequest& r) {
  if (r.hands_off(HandoffBetweenInterfaces))
    if (const auto e = handed_over(entries)) return update(e);
  const auto only = sole(entries);
  if (!r.hands_off(Unknown) || !only) return create();
  if (only.session->in_delete_wait) return update(only);  // what a hold would wait for has happened
  return {Kind::Hold, only.session->id, {}, only.node->index};
}

/// Section 5.4.1.2.
LookupResult by_link_layer_identifier(const Entries& entries, const PbuRequest& r) {
  if (const auto e = same_interface(entries, r)) return update(e);
  return by_handoff(entries, r);
}

/// Section 5.4.1.3.
LookupResult by_mn_identifier(const Entries& entries, const PbuRequest& r) {
  if (const auto e = sent_again(entries, r)) return update(e);
  if (r.hands_off(HandoffBetweenMags) && sole(entries)) return update(sole(entries));
  return by_handoff(entries, r);
}

}  // namespace

LookupResult look_up(const BindingCache& cache, const PbuRequest& request) {
  if (!request.prefixes.empty()) return by_prefix(cache, request);
  if (request.ipv4_address()) return by_ipv4_address(cache, request);
  const auto entries = entries_of(cache, request);
  if (entries.empty()) return create();
  return request.link_layer_id.empty() ? by_mn_identifier(entries, request)
                                       : by_link_layer_identifier(entries, request);
}

}  // namespace flowmob::core
