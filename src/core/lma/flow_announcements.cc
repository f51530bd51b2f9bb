// SPDX-License-Identifier: Apache-2.0
#include "core/lma/flow_announcements.h"

#include <algorithm>
#include <set>

#include "base/ipv4.h"
#include "core/lma/flow_settling.h"
#include "core/lma/identifier.h"

namespace flowmob::core {
namespace {

using wire::BindingIdentifierOption;
using wire::FlowIdentification;
using wire::FlowStatus;

/// What the data plane has room for (FM_MAX_RULES).
constexpr std::size_t kMaxSelectors = 64;

/// RFC 5648 section 4.1: statuses of Binding Identifier options.
constexpr std::uint8_t kMcoaMalformed = 164, kMcoaUnknownCareOf = 167, kMcoaBulkProhibited = 168,
                       kMcoaHomeAndForeignProhibited = 169;

bool names_another(const BindingIdentifierOption& option, const Ipv6Address& proxy_coa) {
  if (const auto* six = std::get_if<Ipv6Address>(&option.care_of)) return *six != proxy_coa;
  if (const auto* four = std::get_if<Ipv4Address>(&option.care_of))
    return !is_mapped(proxy_coa) || from_mapped(proxy_coa) != *four;
  return false;
}

/// A Proxy Binding Update is about one care-of address.
std::uint8_t binding_status(const PbuRequest& r, const BindingIdentifierOption& option) {
  if (&option != &r.bindings.front()) return kMcoaBulkProhibited;
  if (option.binding_id == 0) return kMcoaMalformed;
  if (option.simultaneous_home_foreign) return kMcoaHomeAndForeignProhibited;
  return names_another(option, r.proxy_coa) ? kMcoaUnknownCareOf : std::uint8_t{0};
}

std::vector<BindingIdentifierOption> answered(const PbuRequest& r) {
  auto all = r.bindings;
  for (std::size_t i = 0; i < all.size(); ++i) all[i].status = binding_status(r, r.bindings[i]);
  return all;
}

FlowIdentification answered(FlowIdentification flow, FlowStatus status) {
  flow.status = static_cast<std::uint8_t>(status);
  return flow;
}

void refuse_all(const PbuRequest& r, FlowStatus status, FlowOutcome& outcome) {
  for (const auto& flow : r.flows) outcome.flows.push_back(answered(flow, status));
}

/// Flows of IPv4 are told by IPv4-mapped addresses (RFC 6088 section 3.1 has the same fields). One without
/// addresses is of IPv4 all the same.
wire::TrafficSelector6 mapped(const wire::TrafficSelector4& four) {
  const auto range = [](const std::optional<wire::Range<Ipv4Address>>& r) {
    return r ? std::optional(wire::Range<Ipv6Address>{to_mapped(r->first), to_mapped(r->last)})
             : std::nullopt;
  };
  wire::TrafficSelector6 six;
  six.source = range(four.source);
  six.destination = range(four.destination);
  six.spi = four.spi;
  six.source_port = four.source_port;
  six.destination_port = four.destination_port;
  six.traffic_class = four.traffic_class;
  six.next_header = four.protocol;
  if (!six.source && !six.destination)
    six.source = range(wire::Range<Ipv4Address>{{}, Ipv4Address{{255, 255, 255, 255}}});
  return six;
}

/// The sub-options of one option, and what is wrong with it before anything is looked up.
struct Reading {
  Announcement announcement;
  FlowStatus status = FlowStatus::Successful;
};

bool is_format_known(std::uint8_t format) {
  return format == wire::TrafficSelector6::kFormat || format == wire::TrafficSelector4::kFormat;
}

class OptionReader {
 public:
  OptionReader(SessionId by, const FlowIdentification& option) {
    announcement_.by = by;
    announcement_.flow_id = option.flow_id;
    announcement_.priority = option.priority;
    if (option.flow_id == 0 || option.priority == 0) complain(FlowStatus::Malformed);
    for (const auto& sub : option.sub_options) std::visit([this](const auto& s) { take(s); }, sub);
  }
  Reading done() const { return {announcement_, status_}; }

 private:
  void complain(FlowStatus status) {
    if (status_ == FlowStatus::Successful) status_ = status;
  }
  void take(const wire::BindingReference& reference) {
    if (announcement_.binding_ids) return complain(FlowStatus::Malformed);
    auto& ids = announcement_.binding_ids.emplace();
    for (const auto id : reference.binding_ids)
      if (std::ranges::count(ids, id) == 0) ids.push_back(id);
  }
  void take(const wire::TrafficSelectorSubOption& sub) {
    if (announcement_.selector) return complain(FlowStatus::Malformed);
    if (const auto* six = std::get_if<wire::TrafficSelector6>(&sub.selector)) {
      announcement_.selector = *six;
    } else if (const auto* four = std::get_if<wire::TrafficSelector4>(&sub.selector)) {
      announcement_.selector = mapped(*four);
    } else {
      const auto format = std::get<wire::UnknownSelector>(sub.selector).format;
      announcement_.selector.emplace();
      complain(is_format_known(format) ? FlowStatus::Malformed : FlowStatus::FormatNotSupported);
    }
  }
  void take(const wire::UnknownSubOption& sub) {  // those of a known type could not be read
    if (sub.type == wire::BindingReference::kType || sub.type == wire::TrafficSelectorSubOption::kType)
      complain(FlowStatus::Malformed);
  }

  Announcement announcement_;
  FlowStatus status_ = FlowStatus::Successful;
};

bool has_number_twice(const std::vector<FlowIdentification>& flows) {
  std::set<std::uint16_t> seen;
  return std::ranges::any_of(flows, [&](const auto& flow) { return !seen.insert(flow.flow_id).second; });
}

std::size_t selectors_of(const FlowTemplate& flow) { return 1 + flow.alternatives.size(); }

/// What the node's services may bring has room whatever gateways announce, and what else there is keeps its.
std::size_t room_for_announced(const Policy& policy, const MobileNode& node) {
  std::size_t taken = 0;
  std::set<std::string_view> reserved;
  if (const auto* profile = policy.profile(node.mn_id))
    for (const auto& name : profile->services)
      if (const auto* service = policy.service(name); service && reserved.insert(name).second)
        for (const auto& flow : service->flows) taken += selectors_of(*flow);
  for (const auto& flow : node.flows.bindings())
    if (flow.flow && !flow.announced && !reserved.contains(flow.service)) taken += selectors_of(*flow.flow);
  return kMaxSelectors - std::min(kMaxSelectors, taken);
}

std::size_t announced_in(const FlowTable& flows) {
  return static_cast<std::size_t>(
      std::ranges::count_if(flows.bindings(), [](const FlowBinding& f) { return f.announced.has_value(); }));
}

/// Takes one session's options into a node's table.
class Taker {
 public:
  Taker(const Policy& policy, MobileNode& node, SessionId session, FlowNumbers& numbers)
      : node_(node),
        session_(session),
        numbers_(numbers),
        links_(links_of(policy, node)),
        room_(room_for_announced(policy, node)) {}

  /// Section 5.3.4.
  void remove_what_is_left_out(const PbuRequest& r, bool is_handed_over, FlowOutcome& outcome) {
    std::set<std::uint16_t> named;
    if (!is_handed_over) {
      named.insert(r.summary.begin(), r.summary.end());
      for (const auto& flow : r.flows) named.insert(flow.flow_id);
    }
    outcome.removed = node_.flows.keep_announced(session_, named);
    outcome.displaced = node_.flows.shed_announced(room_);
  }

  /// Section 5.3.2: in any order, each by itself; those with the same number are refused all.
  void take(const PbuRequest& r, FlowOutcome& outcome) {
    if (has_number_twice(r.flows)) return refuse_all(r, FlowStatus::ReasonUnspecified, outcome);
    for (const auto& flow : r.flows) outcome.flows.push_back(answered(flow, take(flow, outcome)));
  }

  /// Section 5.3.3.
  void refresh(const PbuRequest& r, FlowOutcome& outcome) const {
    std::set<std::uint16_t> once(r.summary.begin(), r.summary.end());
    for (const auto& flow : r.flows) once.erase(flow.flow_id);  // those have an answer
    for (const auto id : once) {
      if (node_.flows.find_announced(session_, id))
        ++outcome.refreshed;
      else
        outcome.flows.push_back(answered({id, 0, 0, {}}, FlowStatus::FidNotFound));
    }
  }

 private:
  FlowStatus take(const FlowIdentification& option, FlowOutcome& outcome) {
    const auto [announcement, problem] = OptionReader(session_, option).done();
    const bool is_known = node_.flows.find_announced(session_, option.flow_id) != nullptr;
    if (const auto status = check(announcement, problem, is_known); status != FlowStatus::Successful)
      return status;
    const FlowTable before = node_.flows;
    node_.flows.announce(announcement, numbers_);
    if (!is_known)
      outcome.added.push_back(option.flow_id);
    else if (!(before == node_.flows))
      outcome.changed.push_back(option.flow_id);
    return FlowStatus::Successful;
  }

  /// The selector first, then the reference (sections 5.3.2.1 and 5.3.2.2).
  FlowStatus check(const Announcement& said, FlowStatus problem, bool is_known) const {
    if (problem != FlowStatus::Successful) return problem;
    if (!is_known && (!said.selector || !said.binding_ids)) return FlowStatus::Malformed;
    if (said.binding_ids && !std::ranges::all_of(*said.binding_ids, [this](auto id) { return exists(id); }))
      return FlowStatus::BidNotFound;
    if (!is_known && announced_in(node_.flows) >= room_) return FlowStatus::ReasonUnspecified;
    return FlowStatus::Successful;
  }
  bool exists(std::uint16_t binding_id) const {
    return find_binding(links_, session_, binding_id) != nullptr;
  }

  MobileNode& node_;
  SessionId session_;
  FlowNumbers& numbers_;
  std::vector<LinkState> links_;
  std::size_t room_;
};

/// No more of them than a node can have: whoever makes them up is not to fill logs.
Json refusals_json(const FlowOutcome& outcome) {
  Json list = Json::array();
  for (const auto& flow : outcome.flows)
    if (flow.status != 0 && list.size() < kMaxSelectors)
      list.push_back({{"flow_id", flow.flow_id},
                      {"status", flow.status},
                      {"reason", to_string(static_cast<FlowStatus>(flow.status))}});
  return list;
}

Json displaced_json(const FlowOutcome& outcome) {
  Json list = Json::array();
  for (const auto& flow : outcome.displaced)
    list.push_back({{"session", flow.by.value}, {"flow_id", flow.flow_id}});
  return list;
}

}  // namespace

bool FlowOutcome::is_news() const {
  return !added.empty() || !changed.empty() || !removed.empty() || !displaced.empty() ||
         std::ranges::any_of(flows, [](const auto& flow) { return flow.status != 0; });
}

void FlowCounters::count(const FlowOutcome& outcome) {
  added += outcome.added.size();
  changed += outcome.changed.size();
  removed += outcome.removed.size() + outcome.displaced.size();
  refreshed += outcome.refreshed;
  for (const auto& flow : outcome.flows)
    if (flow.status != 0) ++refused[static_cast<wire::FlowStatus>(flow.status)];
}

Json FlowCounters::to_json() const {
  Json json{{"added", added},
            {"changed", changed},
            {"removed", removed},
            {"refreshed", refreshed},
            {"refused", Json::object()}};
  for (const auto& [status, count] : refused) json["refused"][wire::to_string(status)] = count;
  return json;
}

void note_binding_id(Session& session, const PbuRequest& r, bool is_new_link) {
  if (is_new_link) session.binding_id = session.binding_priority = 0;
  if (r.bindings.empty() || binding_status(r, r.bindings.front()) != 0) return;
  session.binding_id = r.bindings.front().binding_id;
  session.binding_priority = r.bindings.front().priority;
}

FlowOutcome take_flows(const FlowTaking& taking, MobileNode& node, SessionId session, const PbuRequest& r) {
  FlowOutcome outcome;
  outcome.bindings = answered(r);
  Taker taker(taking.policy, node, session, taking.numbers);
  if (taking.policy.decider(node.mn_id) == Decider::Anchor) {
    node.flows.drop_announced();  // of before it was; never both
    refuse_all(r, FlowStatus::AdministrativelyProhibited, outcome);
  } else {
    taker.remove_what_is_left_out(r, taking.is_handed_over, outcome);
    taker.take(r, outcome);
  }
  taker.refresh(r, outcome);
  return outcome;
}

FlowOutcome refuse_flows(const PbuRequest& r) {
  FlowOutcome outcome;
  outcome.bindings = answered(r);
  refuse_all(r, FlowStatus::AdministrativelyProhibited, outcome);
  return outcome;
}

Notify announcement_event(const Policy& policy, const MobileNode& node, const Session& session,
                          const FlowOutcome& outcome) {
  return Notify{"flows-announced",
                {{"mn", escaped(node.mn_id)},
                 {"mag", policy.mag_name(session.mag)},
                 {"session", session.id.value},
                 {"added", outcome.added},
                 {"changed", outcome.changed},
                 {"removed", outcome.removed},
                 {"displaced", displaced_json(outcome)},
                 {"refused", refusals_json(outcome)}}};
}

}  // namespace flowmob::core
