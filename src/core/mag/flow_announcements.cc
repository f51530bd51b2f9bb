// SPDX-License-Identifier: Apache-2.0
#include "core/mag/flow_announcements.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/ipv4.h"

namespace flowmob::core {
namespace {

using wire::FlowStatus;

/// In full they take up to 120 octets each, and an update has to fit the path (RFC 6089 section 6). The
/// others follow when it was answered.
constexpr std::size_t kMostInFull = 8;
constexpr std::size_t kMostInSummary = 127;
constexpr std::uint8_t kOrdinaryPriority = 64;  // BID-PRI
constexpr std::uint16_t kFirstObserved = 1024;  // those that are configured have the smallest
constexpr const char* kNotAnswered = "not-answered";
/// What the LMA accepts and forgets again and again is not said for ever.
constexpr unsigned kMostLosses = 3;
/// Between two announcements of a flow for whose other links the LMA has no binding; from kShortestPause on.
constexpr Duration kLongestPause = std::chrono::seconds(64);

FlowStatus status_of(const wire::FlowIdentification& answer) {
  return static_cast<FlowStatus>(answer.status);
}

FlowAnnouncements::Flow fresh(const AnnouncedFlow& flow, std::uint16_t id, bool is_observed) {
  FlowAnnouncements::Flow made;
  made.flow = flow.flow;
  made.also_by = flow.also_by;
  made.id = id;
  made.is_observed = is_observed;
  return made;
}

/// Under another number, perhaps.
FlowAnnouncements::Flow fresh(const FlowAnnouncements::Flow& flow, std::uint16_t id) {
  return fresh({flow.flow, true, flow.also_by}, id, flow.is_observed);
}

/// The same, to be said once more.
FlowAnnouncements::Flow again(const FlowAnnouncements::Flow& flow) {
  auto made = fresh(flow, flow.id);
  made.may_be_known = flow.may_be_known || flow.state == FlowAnnouncements::State::Accepted;
  made.losses = flow.losses;
  return made;
}

/// By its other links: its own the LMA knows from the same update.
bool lacks_a_link(const FlowAnnouncements::Flow& flow) {
  return flow.state == FlowAnnouncements::State::Refused && !flow.also_by.empty() &&
         flow.status == to_string(FlowStatus::BidNotFound);
}

bool is_of_ipv4(const std::optional<wire::Range<Ipv6Address>>& range) {
  return range && is_mapped(range->first) && is_mapped(range->last);
}

std::optional<wire::Range<Ipv4Address>> ipv4_part(const std::optional<wire::Range<Ipv6Address>>& range) {
  if (!is_of_ipv4(range)) return std::nullopt;
  return wire::Range<Ipv4Address>{from_mapped(range->first), from_mapped(range->last)};
}

/// With addresses of IPv4 in the format for these (RFC 6088 section 3.1).
wire::TrafficSelector on_the_wire(const wire::TrafficSelector6& six) {
  if (!is_of_ipv4(six.source) && !is_of_ipv4(six.destination)) return six;
  wire::TrafficSelector4 four;
  four.source = ipv4_part(six.source);
  four.destination = ipv4_part(six.destination);
  four.spi = six.spi;
  four.source_port = six.source_port;
  four.destination_port = six.destination_port;
  four.traffic_class = six.traffic_class;
  four.protocol = six.next_header;
  return four;
}

wire::FlowIdentification in_full(const FlowAnnouncements::Flow& flow, std::uint16_t binding_id) {
  wire::BindingReference bindings{{binding_id}};
  for (const auto other : flow.also_by)
    if (other != binding_id) bindings.binding_ids.push_back(other);
  return {flow.id,
          flow.flow.priority,
          0,
          {std::move(bindings), wire::TrafficSelectorSubOption{on_the_wire(flow.flow.selector)}}};
}

}  // namespace

bool is_prohibited(const FlowAnnouncements::Flow& flow) {
  return flow.state == FlowAnnouncements::State::Refused &&
         (flow.status == kNotAnswered || flow.status == to_string(FlowStatus::AdministrativelyProhibited));
}

std::string_view to_string(FlowAnnouncements::State state) {
  switch (state) {
    case FlowAnnouncements::State::Pending:
      return "pending";
    case FlowAnnouncements::State::Accepted:
      return "accepted";
    case FlowAnnouncements::State::Refused:
      return "refused";
  }
  return "?";
}

bool FlowAnnouncements::is_taken(std::uint16_t id) const {
  return std::ranges::find(flows_, id, &Flow::id) != flows_.end();
}

/// The smallest that no flow has, from 1 on (section 4.2).
std::uint16_t FlowAnnouncements::free_id() const {
  std::uint16_t id = 1;
  while (is_taken(id)) ++id;
  return id;
}

std::uint16_t FlowAnnouncements::next_observed_id() {
  auto id = last_observed_id_.value_or(0xffff);
  do {
    id = id == 0xffff ? kFirstObserved : static_cast<std::uint16_t>(id + 1);
  } while (is_taken(id));
  last_observed_id_ = id;
  return id;
}

void FlowAnnouncements::number_observed_from(std::uint16_t start) {
  if (!last_observed_id_) last_observed_id_ = std::max(start, kFirstObserved);
}

void FlowAnnouncements::want_one(const AnnouncedFlow& flow, bool is_observed, bool& is_news) {
  const auto known = std::ranges::find(flows_, flow.flow.name, [](const Flow& f) { return f.flow.name; });
  if (known != flows_.end() && known->flow == flow.flow && known->also_by == flow.also_by) return;
  is_news = true;
  if (known == flows_.end())
    flows_.push_back(fresh(flow, is_observed ? next_observed_id() : free_id(), is_observed));
  else {
    known->flow = flow.flow;
    known->also_by = flow.also_by;
    *known = again(*known);
  }
}

/// What was said refers to the former number (section 4.2.1.3).
void FlowAnnouncements::renumber(const BindingNumber& binding) {
  if (std::exchange(binding_id_, binding.id).value_or(binding.id) == binding.id) return;
  for (auto& flow : flows_) flow = again(flow);
}

void FlowAnnouncements::presume_known() {
  for (auto& flow : flows_) flow.may_be_known = true;
  says_binding_ = true;
}

bool FlowAnnouncements::want(const BindingNumber& binding, const std::vector<AnnouncedFlow>& flows,
                             const std::vector<FlowTemplate>& observed) {
  renumber(binding);
  bool is_news = false;
  bool has_less = false;  // than the LMA knows
  std::erase_if(flows_, [&](const Flow& known) {
    const auto has_its_name = [&](const FlowTemplate& flow) { return flow.name == known.flow.name; };
    const bool is_gone = known.is_observed ? std::ranges::none_of(observed, has_its_name)
                                           : std::ranges::none_of(flows, has_its_name, &AnnouncedFlow::flow);
    has_less = has_less || (is_gone && known.state != State::Refused);
    return is_gone;
  });
  has_less_to_say_ = has_less_to_say_ || has_less;
  if (has_less) less_said_.reset();
  for (const auto& flow : flows) want_one(flow, false, is_news);
  for (const auto& flow : observed) want_one({flow}, true, is_news);
  return is_news || has_less;
}

bool FlowAnnouncements::retry(std::string_view name) {
  const auto found = std::ranges::find(flows_, name, [](const Flow& f) { return f.flow.name; });
  if (found == flows_.end() || found->state != State::Refused) return false;
  *found = again(*found);
  found->losses = 0;
  return true;
}

bool FlowAnnouncements::renew(std::string_view name) {
  const auto found = std::ranges::find(flows_, name, [](const Flow& f) { return f.flow.name; });
  if (found == flows_.end() || found->state == State::Pending) return false;
  *found = fresh(*found, next_observed_id());
  return true;
}

void FlowAnnouncements::forget(std::string_view name) {
  std::erase_if(flows_, [name](const Flow& flow) { return flow.flow.name == name; });
}

void FlowAnnouncements::start_anew() {
  for (auto& flow : flows_) flow = fresh(flow, flow.id);
  forget_pauses();
}

/// What is left out is no more to the LMA (section 5.3.4): what has to wait for the next update stands in the
/// summary as long as it may be known.
void FlowAnnouncements::add_options(const BindingNumber& binding, TimePoint now,
                                    wire::MobilityOptions& options) {
  if (has_less_to_say_ && !less_said_) less_said_ = now;
  says_binding_ = says_binding_ || binding.priority || binding.id != BindingNumber{}.id;
  if (flows_.empty() && !says_binding_) return;
  options.emplace_back(
      wire::BindingIdentifierOption{binding.id, 0, false, binding.priority.value_or(kOrdinaryPriority), {}});
  std::size_t count = 0;
  wire::FlowSummary summary;
  for (auto& flow : flows_) {
    const bool is_in_full = flow.state == State::Pending && ++count <= kMostInFull;
    const bool is_known =
        flow.state == State::Accepted || (flow.state == State::Pending && flow.may_be_known);
    if (is_in_full) {
      options.emplace_back(in_full(flow, binding.id));
      if (!flow.first_said) flow.first_said = now;
    } else if (is_known && summary.flow_ids.size() < kMostInSummary) {
      summary.flow_ids.push_back(flow.id);
    }
  }
  if (!summary.flow_ids.empty()) options.emplace_back(std::move(summary));
}

/// An observed flow may be elsewhere by now: the data plane will say.
void FlowAnnouncements::lose(Flow& flow) {
  const bool is_given_up = flow.is_observed || ++flow.losses > kMostLosses;
  flow = again(flow);
  flow.may_be_known = false;
  if (is_given_up) flow.state = State::Refused;
}

/// Of one flow, which is said to be so or nothing. Whether it changed.
bool FlowAnnouncements::take_answer(Flow& flow, const std::optional<FlowStatus>& status, TimePoint sent) {
  const bool was_in_full = flow.state == State::Pending && flow.first_said && *flow.first_said <= sent;
  if (flow.state == State::Accepted && status == FlowStatus::FidNotFound) {
    lose(flow);
  } else if (was_in_full) {
    flow.state = status == FlowStatus::Successful ? State::Accepted : State::Refused;
  } else {
    if (flow.state == State::Accepted) flow.losses = 0;  // it was in the summary, and is there
    if (flow.state != State::Pending) return false;
    if (status == FlowStatus::FidNotFound) flow.may_be_known = false;
    flow.first_said.reset();  // by another transmission, which has no answer any more
    return false;
  }
  flow.status = status ? to_string(*status) : kNotAnswered;
  return true;
}

std::vector<FlowAnnouncements::Flow> FlowAnnouncements::take_answer(const wire::MobilityOptions& options,
                                                                    TimePoint sent) {
  if (less_said_ && *less_said_ <= sent) has_less_to_say_ = false;
  less_said_.reset();
  std::vector<Flow> changed;
  const auto answers = wire::find_all<wire::FlowIdentification>(options);
  for (auto& flow : flows_) {
    const auto answer = std::ranges::find(answers, flow.id, &wire::FlowIdentification::flow_id);
    const auto status = answer == answers.end() ? std::nullopt : std::optional(status_of(*answer));
    if (take_answer(flow, status, sent)) changed.push_back(flow);
  }
  const bool is_any_pending = std::ranges::find(flows_, State::Pending, &Flow::state) != flows_.end();
  if (std::ranges::any_of(flows_, lacks_a_link)) {
    if (!ask_again_at_) ask_again_at_ = sent + pause_;
  } else if (!is_any_pending) {
    forget_pauses();
  }
  return changed;
}

void FlowAnnouncements::forget_pauses() {
  pause_ = kShortestPause;
  ask_again_at_.reset();
}

bool FlowAnnouncements::ask_again(TimePoint now) {
  if (!ask_again_at_ || *ask_again_at_ > now) return false;
  ask_again_at_.reset();
  pause_ = std::min(2 * pause_, kLongestPause);
  bool is_any = false;
  for (auto& flow : flows_)
    if (lacks_a_link(flow)) {
      flow = again(flow);
      is_any = true;
    }
  return is_any;
}

bool FlowAnnouncements::is_due() const {
  return (has_less_to_say_ && !less_said_) || std::ranges::any_of(flows_, [](const Flow& flow) {
           return flow.state == State::Pending && !flow.first_said;
         });
}

Json FlowAnnouncements::to_json() const {
  Json rows = Json::array();
  for (const auto& flow : flows_)
    rows.push_back({{"flow", flow.flow.name},
                    {"flow_id", flow.id},
                    {"priority", flow.flow.priority},
                    {"also_by", flow.also_by},
                    {"observed", flow.is_observed},
                    {"state", to_string(flow.state)},
                    {"status", flow.status.empty() ? Json() : Json(flow.status)}});
  return rows;
}

std::vector<AnnouncedFlow> flows_of(const AccessConfig& access, const MagPolicyProfile* profile) {
  std::vector<AnnouncedFlow> all = profile ? profile->flows : std::vector<AnnouncedFlow>{};
  const std::size_t own = all.size();
  for (const auto& flow : access.flows) {
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(own);
    const bool is_hidden = std::any_of(
        all.begin(), end, [&](const AnnouncedFlow& other) { return other.flow.name == flow.flow.name; });
    if (!is_hidden) all.push_back(flow);
  }
  return all;
}

std::vector<AnnouncedFlow> wanted_flows(std::vector<AnnouncedFlow> flows,
                                        const std::map<std::string, bool>& switched) {
  std::erase_if(flows, [&](const AnnouncedFlow& one) {
    const auto said = switched.find(one.flow.name);
    return !(said == switched.end() ? one.at_attachment : said->second);
  });
  return flows;
}

}  // namespace flowmob::core
