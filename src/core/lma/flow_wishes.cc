// SPDX-License-Identifier: Apache-2.0
#include "core/lma/flow_wishes.h"

#include <algorithm>

#include "core/lma/flow_settling.h"

namespace flowmob::core {
namespace {

class Wishing {
 public:
  Wishing(const AnchorState& state, const MobileNode& node,
          const std::function<bool(const Session&)>& may_be_asked)
      : state_(state), node_(node), links_(links_of(state.policy, node)), possible_(links_) {
    for (const auto& foreign : foreign_sessions(state, node, may_be_asked)) {
      possible_.push_back(link_of(state.policy, node, *foreign.session));
      asked_[possible_.back().session] = foreign;
    }
    for (const auto& guest : node.guests) {
      const auto* host = state.cache.find(guest.host);
      const auto* session = host ? host->find(guest.session) : nullptr;
      if (guest.up && session && may_be_asked(*session)) asked_[guest.id] = {guest.host, session};
    }
    suppose();
  }

  /// Those that have to go choose first.
  FlowWishes all() const {
    FlowWishes wishes;
    if (asked_.empty()) return wishes;
    std::vector<Judged> rest;
    for (const auto& flow : node_.flows.bindings()) {
      if (flow.announced) continue;
      Judged judged{&flow, decide_among(possible_, flow), decide_among(links_, flow)};
      if (const auto& at = judged.decision.revisit; at && (!wishes.revisit || *at < *wishes.revisit))
        wishes.revisit = at;
      if (is_stranded(judged.actual.session))
        add(judged, true, wishes);
      else
        rest.push_back(std::move(judged));
    }
    for (const auto& judged : rest) add(judged, false, wishes);
    return wishes;
  }

 private:
  struct Judged {
    const FlowBinding* flow;
    Decision decision;  ///< if all were granted
    Decision actual;
  };

  /// Every gateway that may be asked has said 0, what has just come may carry, and what does not answer is
  /// nothing.
  void suppose() {
    const bool has_other =
        std::ranges::any_of(asked_, [](const auto& one) { return !one.second.session->unreachable; });
    for (auto& link : possible_) {
      if (asked_.contains(link.session)) link.missing.clear();
      const auto* own = node_.find(link.session);
      if (!own) continue;
      link.is_opening = false;
      link.is_live = link.is_live && !(own->unreachable && has_other);
    }
  }

  Decision decide_among(const std::vector<LinkState>& links, const FlowBinding& flow) const {
    const auto& board = state_.policy.links();
    return decide(flow, {links, &board, board.now(), {}, node_.flows.default_flow().current, {}});
  }

  bool is_stranded(SessionId by) const {
    if (const auto* own = node_.find(by)) return own->unreachable;
    const auto* guest = node_.find_guest(by);
    return !guest || guest->unreachable;
  }

  static const LinkVerdict* verdict_on(const Decision& decision, SessionId link) {
    const auto found = std::ranges::find(decision.links, link, &LinkVerdict::session);
    return found == decision.links.end() ? nullptr : &*found;
  }

  /// By the link's number.
  std::optional<SessionId> wished_at(const Ipv6Address& mag, const FlowWishes& wishes) const {
    for (const auto& [link, foreign] : asked_)
      if (foreign.session->mag == mag && wishes.sessions.contains(foreign.session->id)) return link;
    return std::nullopt;
  }

  void add_to(SessionId link, const FlowBinding& flow, FlowWishes& wishes) const {
    const auto& foreign = asked_.at(link);
    auto& wish = wishes.sessions[foreign.session->id];
    wish.host = foreign.host;
    wish.prefixes.merge(prefixes_of(node_, flow));
    if (wish.flows.empty() || wish.flows.back() != flow.index) wish.flows.push_back(flow.index);
  }

  void wish(const Judged& judged, SessionId link, bool has_to_go, FlowWishes& wishes) const {
    const auto asked = asked_.find(link);
    if (asked == asked_.end()) return;
    if (const auto* as_it_is = verdict_on(judged.actual, link);
        as_it_is && as_it_is->fitness != LinkFitness::Foreign)
      return;
    if (!verdict_on(judged.decision, link)->rank && !has_to_go) return;
    const auto chosen = wished_at(asked->second.session->mag, wishes);
    if (!chosen || *chosen == link) return add_to(link, *judged.flow, wishes);
    const auto* verdict = verdict_on(judged.decision, *chosen);
    if (has_to_go && verdict && verdict->fitness != LinkFitness::NotListed)
      add_to(*chosen, *judged.flow, wishes);
  }

  void add(const Judged& judged, bool has_to_go, FlowWishes& wishes) const {
    wish(judged, judged.decision.session, has_to_go, wishes);
    for (const auto& link : judged.decision.spread.links) wish(judged, link.session, has_to_go, wishes);
  }

  const AnchorState& state_;
  const MobileNode& node_;
  const std::vector<LinkState> links_;
  std::vector<LinkState> possible_;
  std::map<SessionId, ForeignSession> asked_;  ///< by the link's number
};

}  // namespace

FlowWishes wishes_of(const AnchorState& state, const MobileNode& node,
                     const std::function<bool(const Session&)>& may_be_asked) {
  return Wishing(state, node, may_be_asked).all();
}

}  // namespace flowmob::core
