// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "core/lma/commands.h"
#include "core/lma/identifier.h"
#include "core/peer/revocation_message.h"

namespace flowmob::core {
namespace {

using enum wire::RevocationTrigger;

/// Why one node's sessions end (RFC 5846 section 5.1). Handovers are the anchor's to notice.
constexpr std::array<std::pair<std::string_view, wire::RevocationTrigger>, 5> kReasons{{
    {"administrative", Administrative},
    {"unspecified", Unspecified},
    {"user", UserInitiatedTermination},
    {"access-network", AccessNetworkTermination},
    {"out-of-sync", PossibleOutOfSync},
}};

std::string word_in(const Json& arguments, const char* name) {
  const auto found = arguments.find(name);
  return found != arguments.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// nullptr: every MAG.
Result<const MagPeer*> mag_of(const Policy& policy, const Json& arguments) {
  const auto name = word_in(arguments, "mag");
  if (name.empty()) return nullptr;
  if (const auto* mag = policy.mag_named(name)) return mag;
  return fail("no-such-mag", "no MAG is named '" + name + "'");
}

Result<wire::RevocationTrigger> reason_of(const Json& arguments) {
  const auto word = word_in(arguments, "reason");
  for (const auto& [name, trigger] : kReasons)
    if (word == name || (word.empty() && trigger == Administrative)) return trigger;
  return fail("bad-argument", "reason: '" + word +
                                  "' is none of administrative, unspecified, user, access-network, "
                                  "out-of-sync");
}

/// One indication for each MAG that `is_meant` leaves a session with.
template <class IsMeant>
std::vector<Revocation> at_each_mag(const AnchorState& state, const MagPeer* only, Revocation shape,
                                    IsMeant is_meant) {
  std::map<Ipv6Address, Revocation> by_mag;
  for (const auto& [key, node] : state.cache.nodes()) {
    if (!is_meant(node)) continue;
    for (const auto& session : node.sessions) {
      if (only && !only->has(session.mag)) continue;
      auto& revocation = by_mag.try_emplace(session.mag, shape).first->second;
      revocation.mag = session.mag;
      revocation.targets.push_back({node.mn_id, node.index, session.id});
    }
  }
  std::vector<Revocation> all;
  for (auto& [mag, revocation] : by_mag) all.push_back(std::move(revocation));
  return all;
}

std::vector<Revocation> of_node(const AnchorState& state, const std::string& mn, const MagPeer* only,
                                wire::RevocationTrigger trigger) {
  std::vector<Revocation> all;
  const auto is_there = [only](const Session& session) { return !only || only->has(session.mag); };
  for (const auto* node : state.cache.find_all(mn))
    for (auto& one : revocations_of(*node, is_there, trigger)) all.push_back(std::move(one));
  return all;
}

Revocation global(wire::RevocationTrigger trigger, wire::MobilityOptions options) {
  return {Revocation::Purpose::End, {}, trigger, std::move(options), {}, false};
}

}  // namespace

Result<std::vector<Revocation>> plan_revocation(const AnchorState& state, const Json& arguments) {
  const auto mag = mag_of(state.policy, arguments);
  if (!mag) return tl::unexpected(mag.error());
  const auto reason = reason_of(arguments);
  if (!reason) return tl::unexpected(reason.error());
  const auto mn = word_in(arguments, "mn");
  auto realm = word_in(arguments, "realm");
  if (!mn.empty() && !realm.empty()) return fail("bad-argument", "mn or realm, not both");
  if (mn.empty() && realm.empty() && !*mag)
    return fail("bad-argument", "whose sessions: mn, realm or mag is needed");
  if (!realm.empty() && realm.front() != '@') realm.insert(0, 1, '@');
  if (!realm.empty() && !is_realm_identifier(realm))
    return fail("bad-argument", "realm: '" + realm + "' is none");

  std::vector<Revocation> all;
  if (!mn.empty()) {
    const auto octets = unescaped(mn).value_or(mn);
    if (state.cache.find_all(octets).empty())
      return fail("no-such-mobile-node", "no mobile node '" + mn + "' has a session");
    all = of_node(state, octets, *mag, *reason);
  } else if (!realm.empty()) {
    const wire::MobileNodeIdentifier id{wire::MobileNodeIdentifier::kNai, to_bytes(realm)};
    all = at_each_mag(state, *mag, global(RevokingNodeLocalPolicy, {id}),
                      [&](const MobileNode& node) { return is_in_realm(node.mn_id, realm); });
  } else {
    all = at_each_mag(state, *mag, global(PerPeerPolicy, {}), [](const MobileNode&) { return true; });
  }
  if (all.empty()) return fail("no-session", "there is no such session");
  return all;
}

Json describe(const Policy& policy, const std::vector<Revocation>& revocations) {
  Json rows = Json::array();
  for (const auto& revocation : revocations) {
    Json sessions = Json::array();
    for (const auto& target : revocation.targets)
      sessions.push_back({{"mn", escaped(target.mn_id)}, {"session", target.session.value}});
    rows.push_back({{"mag", policy.mag_name(revocation.mag)},
                    {"trigger", wire::to_string(revocation.trigger)},
                    {"sessions", std::move(sessions)}});
  }
  return {{"revocations", std::move(rows)}};
}

}  // namespace flowmob::core
