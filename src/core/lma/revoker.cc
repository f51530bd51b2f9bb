// SPDX-License-Identifier: Apache-2.0
#include "core/lma/revoker.h"

#include <algorithm>

#include "core/lma/access_network.h"
#include "core/lma/identifier.h"
#include "core/lma/paths.h"
#include "core/peer/revocation_message.h"

namespace flowmob::core {
namespace {

using Purpose = Revocation::Purpose;
using Status = wire::RevocationStatus;
using Trigger = wire::RevocationTrigger;

/// Of a MobileNode, or of one that was. It says which node; a single session has to be named by its prefixes,
/// too (section 5.1).
template <class Node>
wire::MobilityOptions options_for(const Node& node) {
  wire::MobilityOptions options{wire::MobileNodeIdentifier{node.mn_id_subtype, to_bytes(node.mn_id)}};
  for (const auto& prefix : node.prefixes) options.push_back(wire::HomeNetworkPrefixOption::of(prefix));
  return options;
}

/// With those by other paths of that MAG, which knows one attachment alone (docs/adr/0048).
std::vector<Revocation::Target> sessions_at(const MobileNode& node, const Ipv6Address& mag) {
  std::vector<Revocation::Target> all;
  const auto is_there = [&](const Session& session) {
    return session.mag == mag || std::ranges::any_of(node.sessions, [&](const Session& other) {
             return other.mag == mag && are_of_one_interface_by_paths(session, other);
           });
  };
  for (const auto& session : node.sessions)
    if (is_there(session)) all.push_back({node.mn_id, node.index, session.id});
  return all;
}

std::string mn_id_in(const wire::MobilityOptions& options) {
  const auto* name = wire::find<wire::MobileNodeIdentifier>(options);
  return name ? to_octet_string(name->identifier) : std::string();
}

/// It is that set of the node's, and no other.
bool has_prefixes(const MobileNode& node, const wire::MobilityOptions& options) {
  const auto named = wire::find_all<wire::HomeNetworkPrefixOption>(options);
  return named.empty() == node.prefixes.empty() && std::ranges::all_of(named, [&](const auto& option) {
           return std::ranges::count(node.prefixes, option.to_prefix()) != 0;
         });
}

bool names(const std::vector<Revocation::Target>& targets, SessionId session) {
  return std::ranges::find(targets, session, &Revocation::Target::session) != targets.end();
}

/// Which has one session, or one by each path.
bool has_one_interface(const MobileNode& node) {
  return std::ranges::all_of(node.sessions, [&](const Session& session) {
    const auto& first = node.sessions.front();
    return session.id == first.id || are_of_one_interface_by_paths(session, first);
  });
}

bool is_success(std::optional<Status> status) {
  return status == Status::Success || status == Status::PartialSuccess;
}

}  // namespace

Revocation revocation_of(const MobileNode& node, const Ipv6Address& mag, Trigger trigger) {
  return {Purpose::End, mag, trigger, options_for(node), sessions_at(node, mag), false};
}

std::vector<Revocation> revocations_of(const MobileNode& node, const SessionTest& these, Trigger trigger) {
  std::vector<Revocation> all;
  const auto is_meant = [&](const Session& session) {
    return std::ranges::any_of(all, [&](const Revocation& one) { return names(one.targets, session.id); });
  };
  for (const auto& session : node.sessions)
    if (these(session) && !is_meant(session)) all.push_back(revocation_of(node, session.mag, trigger));
  return all;
}

Revoker::Revoker(AnchorState& state, PbuHandler& updates, NodeEdits& edits)
    : state_(state), updates_(updates), edits_(edits), initiator_(state.policy.own_address()) {}

void Revoker::revoke(Now now, Revocation revocation) {
  if (initiator_.has_room() && waiting_.empty()) return send(now, std::move(revocation));
  for (const auto& target : revocation.targets) {
    if (revocation.purpose != Purpose::End) break;
    release(target.session);
    state_.revoking[target.session] = std::nullopt;
  }
  waiting_.push_back(std::move(revocation));
}

void Revoker::send_waiting(Now now) {
  while (!waiting_.empty() && initiator_.has_room()) {
    Revocation next = std::move(waiting_.front());
    waiting_.pop_front();
    const bool ends = next.purpose == Purpose::End;
    if (ends) std::erase_if(next.targets, [this](const auto& t) { return !is_waiting(t.session); });
    const bool is_over = ends ? next.targets.empty() : next.purpose == Purpose::CleanUp && is_void(next);
    if (!is_over) send(now, std::move(next));
  }
}

bool Revoker::is_waiting(SessionId session) const {
  const auto revoking = state_.revoking.find(session);
  return revoking != state_.revoking.end() && !revoking->second;
}

void Revoker::send(Now now, Revocation revocation) {
  wire::BindingRevocationIndication indication;
  indication.trigger = revocation.trigger;
  indication.proxy = true;
  indication.global = is_global(revocation.trigger);
  indication.options = revocation.options;
  auto sent = initiator_.begin(now, config(), revocation.mag, std::move(indication));
  ++state_.statistics.revocation.indications_sent;
  state_.effects.push(std::move(sent.message));
  state_.notify("revocation-sent", {{"mag", state_.policy.mag_name(revocation.mag)},
                                    {"trigger", wire::to_string(revocation.trigger)},
                                    {"sessions", revocation.targets.size()}});
  const bool ends = revocation.purpose == Purpose::End;
  const auto ended = ends ? std::exchange(revocation.targets, {}) : Targets{};
  if (revocation.purpose == Purpose::CleanUp) clean_ups_.emplace(mn_id_in(revocation.options), sent.sequence);
  outstanding_.insert_or_assign(sent.sequence, std::move(revocation));
  mean(sent.sequence, ended);
}

/// What is there now. The message does not tell those that have registered since from the others.
Revoker::Targets Revoker::meant_by(const Revocation& revocation) const {
  Targets all;
  const auto add = [&](const MobileNode& node) {
    for (auto& target : sessions_at(node, revocation.mag)) all.push_back(std::move(target));
  };
  if (!is_global(revocation.trigger)) {
    if (const auto* node = state_.cache.find(revocation.targets.front().node)) add(*node);
    return all;
  }
  const auto* realm = wire::find<wire::MobileNodeIdentifier>(revocation.options);
  for (const auto& [index, node] : state_.cache.nodes())
    if (!realm || is_in_realm(node.mn_id, to_octet_string(realm->identifier))) add(node);
  return all;
}

/// They end with the answer to this one, and to no other.
void Revoker::mean(Sequence sequence, const Targets& targets) {
  for (const auto& target : targets) {
    const auto known = state_.revoking.find(target.session);
    if (known != state_.revoking.end() && known->second == sequence) continue;
    release(target.session);
    state_.revoking[target.session] = sequence;
    outstanding_.at(sequence).targets.push_back(target);
  }
}

/// An indication that nobody is meant by any more is not sent again.
void Revoker::release(SessionId session) {
  const auto revoking = state_.revoking.extract(session);
  if (revoking.empty() || !revoking.mapped()) return;
  const auto sent = outstanding_.find(*revoking.mapped());
  if (sent == outstanding_.end()) return;
  auto& targets = sent->second.targets;
  std::erase_if(targets, [&](const auto& target) { return target.session == session; });
  if (!targets.empty()) return;
  initiator_.cancel(sent->first);
  outstanding_.erase(sent);
}

void Revoker::handle_news(Now now) {
  while (!state_.news.empty()) {
    const NodeNews news = std::exchange(state_.news, {});
    for (const auto& registered : news.registered) note_registration(now, registered);
    for (const auto& left : news.left) clean_up(now, left);
    for (const auto& dropped : news.dropped) tell(now, dropped);
    for (const auto& mn_id : news.holds) ask_previous_mag(now, mn_id);
  }
}

/// A race (section 8.1): whoever registers the node anew wants the session. Said again the indication would
/// end it at the MAG, and here by its success (section 6.2.2).
void Revoker::note_registration(Now now, const NodeNews::Registered& registered) {
  release(registered.session);
  withdraw_clean_ups(registered);
  send_waiting(now);
}

/// The node has come back to that MAG.
bool Revoker::is_void(const Revocation& clean_up) const {
  return std::ranges::any_of(state_.cache.find_all(mn_id_in(clean_up.options)), [&](const MobileNode* node) {
    const auto is_there = [&](const Session& s) {
      return !s.in_delete_wait && state_.policy.are_of_one_mag(s.mag, clean_up.mag);
    };
    return has_prefixes(*node, clean_up.options) && std::ranges::any_of(node->sessions, is_there);
  });
}

void Revoker::withdraw_clean_ups(const NodeNews::Registered& registered) {
  const auto* node = clean_ups_.empty() ? nullptr : state_.cache.find(registered.node);
  if (!node) return;
  auto next = clean_ups_.lower_bound({node->mn_id, Sequence{}});
  while (next != clean_ups_.end() && next->first == node->mn_id) {
    const auto one = next++;
    const Sequence sequence = one->second;
    if (!is_void(outstanding_.at(sequence))) continue;
    initiator_.cancel(sequence);
    outstanding_.erase(sequence);
    clean_ups_.erase(one);
  }
}

void Revoker::tell(Now now, const NodeNews::Dropped& dropped) {
  if (config().enabled)
    revoke(now, {Purpose::CleanUp, dropped.mag, Trigger::Administrative, options_for(dropped), {}, false});
}

void Revoker::ask_previous_mag(Now now, const std::string& mn_id) {
  const auto nodes = state_.cache.find_all(mn_id);
  if (!config().enabled || nodes.size() != 1 || !has_one_interface(*nodes.front())) return;
  const auto& mag = nodes.front()->sessions.front().mag;
  if (!state_.policy.mag(mag)) return;
  auto question = revocation_of(*nodes.front(), mag, Trigger::InterMagHandoverUnknown);
  question.purpose = Purpose::Hold;
  updates_.await_revocation(mn_id);
  revoke(now, std::move(question));
}

/// Section 3.4.1. Another interface of the node may still be there: nothing would tell the MAG which is
/// meant.
void Revoker::clean_up(Now now, const NodeNews::Left& left) {
  const auto* node = state_.cache.find(left.node);
  if (!config().enabled || !node || !state_.policy.mag(left.mag)) return;
  if (std::ranges::any_of(node->sessions, [&](const auto& s) { return s.mag == left.mag; })) return;
  const auto* session = node->find(left.session);
  if (!session) return;
  const bool same = session->technology == left.technology;
  auto notice = revocation_of(
      *node, left.mag, same ? Trigger::InterMagHandoverSameAccess : Trigger::InterMagHandoverDifferentAccess);
  notice.purpose = Purpose::CleanUp;
  revoke(now, std::move(notice));
}

void Revoker::handle_acknowledgement(Now now, const PacketMeta& meta,
                                     const wire::BindingRevocationAcknowledgement& answer) {
  if (!initiator_.handle_acknowledgement(meta.source, answer.sequence))
    return state_.drop(now, "unmatched-acknowledgement", meta);
  ++state_.statistics.revocation.acknowledgements_received;
  end(now, answer.sequence, answer.status);
  send_waiting(now);
}

void Revoker::handle_refusal(Now now, const Ipv6Address& peer) {
  for (const auto sequence : initiator_.handle_refusal(peer))
    end(now, sequence, Status::FunctionNotSupported);
  send_waiting(now);
}

void Revoker::handle_timeout(Now now) {
  auto due = initiator_.handle_timeout(now.monotonic);
  for (auto& sent : due.again) {
    const auto revocation = outstanding_.find(sent.sequence);
    if (revocation == outstanding_.end()) continue;  // those it meant are meant by another
    if (revocation->second.purpose == Purpose::End) mean(sent.sequence, meant_by(revocation->second));
    ++state_.statistics.revocation.retransmissions;
    state_.effects.push(std::move(sent.message));
  }
  for (const auto sequence : due.unanswered) end(now, sequence, std::nullopt);
  if (!due.unanswered.empty()) send_waiting(now);
}

/// An administrator's word and the policy count, whatever the MAG answers (section 6.2.2 leaves it to us).
void Revoker::end(Now now, Sequence sequence, std::optional<Status> status) {
  auto ended = outstanding_.extract(sequence);
  if (ended.empty()) return;  // what it meant another means by now
  const Revocation done = std::move(ended.mapped());
  if (done.purpose == Purpose::CleanUp) clean_ups_.erase({mn_id_in(done.options), sequence});
  const char* event = !status              ? "revocation-unanswered"
                      : is_success(status) ? "revocation-accepted"
                                           : "revocation-refused";
  if (!status) ++state_.statistics.revocation.unanswered;
  Json fields{{"mag", state_.policy.mag_name(done.mag)}, {"trigger", wire::to_string(done.trigger)}};
  if (status) fields["status"] = wire::to_string(*status);
  state_.notify(event, std::move(fields));
  if (done.purpose == Purpose::End) end_sessions(sequence, done);
  if (done.purpose == Purpose::Hold) end_hold(now, done, status);
}

/// Those that were not registered anew meanwhile.
void Revoker::end_sessions(Sequence sequence, const Revocation& done) {
  std::map<NodeIndex, std::set<SessionId>> by_node;
  for (const auto& target : done.targets) {
    const auto revoking = state_.revoking.find(target.session);
    if (revoking == state_.revoking.end() || revoking->second != sequence) continue;
    state_.revoking.erase(revoking);
    by_node[target.node].insert(target.session);
  }
  for (auto& [index, sessions] : by_node)
    if (const auto* node = state_.cache.find(index))
      edits_.make(*node, cause(), [this, ids = std::move(sessions)](const MobileNode& n) {
        return without(
            state_.policy, n, [&](const Session& s) { return ids.contains(s.id); }, "binding-revoked");
      });
}

/// The three outcomes of section 8.1. A MAG that knows nothing of the binding has lost the node as well; one
/// that cannot say leaves us waiting, as RFC 5213 has it.
void Revoker::end_hold(Now now, const Revocation& done, std::optional<Status> status) {
  const std::string& mn_id = done.targets.front().mn_id;
  const bool has_left = is_success(status) || status == Status::BindingDoesNotExist;
  if (!has_left) {
    const bool is_new = !status || status == Status::MobileNodeIsAttached;
    return updates_.end_revocation(now, mn_id, is_new);
  }
  updates_.end_revocation(now, mn_id, false);
  const auto* node = state_.cache.find(done.targets.front().node);
  if (!node) return;
  const auto deadline = Deadline::after(now, state_.policy.config().min_delay_before_bce_delete);
  edits_.make(*node, cause(), [this, deadline, asked = done](const MobileNode& n) {
    const auto there = sessions_at(n, asked.mag);
    const auto was_there = [&](const Session& s) { return names(there, s.id) && names(asked.targets, s.id); };
    return in_delete_wait(state_.policy, n, was_there, deadline, "binding-revoked");
  });
}

namespace {

/// Anywhere; as what is kept is judged at a start.
bool is_permitted(const AnchorState& state, const PolicyProfile* profile, const MobileNode& node) {
  return profile && profile->enabled && std::ranges::all_of(node.prefixes, [&](const auto& prefix) {
           return permits_prefix(state.policy, state.prefixes, *profile, prefix);
         });
}

bool may_use(const Policy& policy, const PolicyProfile& profile, const Session& session,
             const std::string& service) {
  return permits_service(policy, profile, service) &&
         permits_network(policy.service(service)->access, access_network_in(session.notes));
}

/// The sessions that the node may not have any more. A service goes with the interface, whichever its path.
std::set<SessionId> not_permitted(const AnchorState& state, const MobileNode& node) {
  const auto& policy = state.policy;
  const auto* profile = policy.profile(node.mn_id);
  const bool anywhere = is_permitted(state, profile, node);
  std::set<SessionId> sessions;
  for (const auto& s : node.sessions) {
    const auto* mag = policy.mag(s.mag);
    if (!anywhere || !mag || !permits_mag(*profile, *mag) || !permits_link_layer(*profile, s.link_layer_id) ||
        !permits_network(profile->access, access_network_in(s.notes)))
      sessions.insert(s.id);
  }
  if (!profile) return sessions;
  // where a rule has a flow says nothing about who asked for its service
  for (const auto& flow : node.flows.bindings()) {
    const auto* s = node.find(flow.asked);
    if (node.find_guest(flow.asked)) s = &node.sessions.front();  // its own came with the service
    if (s && !flow.is_default() && !flow.is_of_rule() && !flow.announced &&
        !may_use(policy, *profile, *s, flow.service))
      for (const auto& other : node.sessions)
        if (other.id == s->id || are_of_one_interface_by_paths(other, *s)) sessions.insert(other.id);
  }
  return sessions;
}

/// Those that the interface has another path without. The MAG, which would end all, is not told: it is
/// refused when it asks.
std::set<SessionId> dispensable(const MobileNode& node, const std::set<SessionId>& not_permitted) {
  std::set<SessionId> all;
  const auto stays = [&](const Session& s) { return !s.in_delete_wait && !not_permitted.contains(s.id); };
  for (const auto& session : node.sessions)
    if (not_permitted.contains(session.id) && std::ranges::any_of(node.sessions, [&](const Session& other) {
          return stays(other) && are_of_one_interface_by_paths(other, session);
        }))
      all.insert(session.id);
  return all;
}

}  // namespace

/// What a former policy wanted and nobody was told yet.
void Revoker::withdraw_unsent() {
  std::erase_if(waiting_, [this](const Revocation& revocation) {
    if (!revocation.by_policy) return false;
    for (const auto& target : revocation.targets)
      if (is_waiting(target.session)) state_.revoking.erase(target.session);
    return true;
  });
}

void Revoker::handle_policy(Now now) {
  withdraw_unsent();
  if (!config().enabled) return;
  std::vector<Revocation> all;
  std::map<NodeIndex, std::set<SessionId>> silently;
  for (const auto& entry : state_.cache.nodes()) {
    const MobileNode& node = entry.second;
    const auto ended = not_permitted(state_, node);
    auto alone = dispensable(node, ended);
    const auto is_told = [&](const Session& s) { return ended.contains(s.id) && !alone.contains(s.id); };
    for (auto& one : revocations_of(node, is_told, Trigger::Administrative)) {
      one.by_policy = true;
      std::erase_if(one.targets, [this](const auto& t) { return state_.revoking.contains(t.session); });
      if (!one.targets.empty()) all.push_back(std::move(one));
    }
    if (!alone.empty()) silently.emplace(entry.first, std::move(alone));
  }
  for (auto& [node, sessions] : silently) end_silently(node, std::move(sessions));
  for (auto& one : all) revoke(now, std::move(one));
}

void Revoker::end_silently(NodeIndex index, std::set<SessionId> sessions) {
  std::erase_if(sessions, [this](SessionId id) { return state_.revoking.contains(id); });
  edits_.make(*state_.cache.find(index), cause(), [this, ids = std::move(sessions)](const MobileNode& n) {
    return without(
        state_.policy, n, [&](const Session& s) { return ids.contains(s.id); }, "binding-revoked");
  });
}

}  // namespace flowmob::core
