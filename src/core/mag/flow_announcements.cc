// SPDX-License-Identifier: Apache-2.0
#include "core/mag/flow_announcements.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ipv4.h"

namespace flowmob::core {
namespace {

using wire::FlowStatus;

/// In full they take up to 120 octets each, and an update has to fit the path (RFC 6089 section 6). The
/// others follow when it was answered.
constexpr std::size_t kMostInFull = 8;
constexpr std::size_t kMostInSummary = 127;
constexpr std::uint8_t kOrdinaryPriority = 64;  // BID-PRI

FlowStatus status_of(const wire::FlowIdentification& answer) {
  return static_cast<FlowStatus>(answer.status);
}

FlowAnnouncements::Flow fresh(FlowTemplate flow, std::uint16_t id) {
  FlowAnnouncements::Flow made;
  made.flow = std::move(flow);
  made.id = id;
  return made;
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
  return {flow.id,
          flow.flow.priority,
          0,
          {wire::BindingReference{{binding_id}},
           wire::TrafficSelectorSubOption{on_the_wire(flow.flow.selector)}}};
}

}  // namespace

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

/// The smallest that no flow has, from 1 on (section 4.2).
std::uint16_t FlowAnnouncements::free_id() const {
  std::uint16_t id = 1;
  while (std::ranges::find(flows_, id, &Flow::id) != flows_.end()) ++id;
  return id;
}

bool FlowAnnouncements::want(const std::vector<FlowTemplate>& flows) {
  bool is_news = false;
  const auto gone = std::erase_if(flows_, [&](const Flow& known) {
    return std::ranges::find(flows, known.flow.name, &FlowTemplate::name) == flows.end();
  });
  has_less_to_say_ = has_less_to_say_ || gone != 0;
  for (const auto& flow : flows) {
    const auto known = std::ranges::find(flows_, flow.name, [](const Flow& f) { return f.flow.name; });
    if (known != flows_.end() && known->flow == flow) continue;
    is_news = true;
    if (known == flows_.end())
      flows_.push_back(fresh(flow, free_id()));
    else
      *known = fresh(flow, known->id);
  }
  return is_news || gone != 0;
}

bool FlowAnnouncements::retry(std::string_view name) {
  const auto found = std::ranges::find(flows_, name, [](const Flow& f) { return f.flow.name; });
  if (found == flows_.end() || found->state != State::Refused) return false;
  *found = fresh(found->flow, found->id);
  return true;
}

void FlowAnnouncements::start_anew() {
  for (auto& flow : flows_) flow = fresh(flow.flow, flow.id);
}

void FlowAnnouncements::add_options(const BindingNumber& binding, TimePoint now,
                                    wire::MobilityOptions& options) {
  has_less_to_say_ = false;
  if (flows_.empty() && !binding.priority) return;
  options.emplace_back(
      wire::BindingIdentifierOption{binding.id, 0, false, binding.priority.value_or(kOrdinaryPriority), {}});
  std::size_t count = 0;
  wire::FlowSummary summary;
  for (auto& flow : flows_) {
    if (flow.state == State::Accepted && summary.flow_ids.size() < kMostInSummary)
      summary.flow_ids.push_back(flow.id);
    if (flow.state != State::Pending || ++count > kMostInFull) continue;
    options.emplace_back(in_full(flow, binding.id));
    if (!flow.first_said) flow.first_said = now;
  }
  if (!summary.flow_ids.empty()) options.emplace_back(std::move(summary));
}

std::vector<FlowAnnouncements::Flow> FlowAnnouncements::take_answer(const wire::MobilityOptions& options,
                                                                    TimePoint sent) {
  std::vector<Flow> changed;
  const auto answers = wire::find_all<wire::FlowIdentification>(options);
  for (auto& flow : flows_) {
    const auto answer = std::ranges::find(answers, flow.id, &wire::FlowIdentification::flow_id);
    const bool was_in_full = flow.state == State::Pending && flow.first_said && *flow.first_said <= sent;
    if (answer == answers.end()) {
      if (!was_in_full) continue;
      flow.state = State::Refused;
      flow.status = "not-answered";
    } else if (flow.state == State::Accepted && status_of(*answer) == FlowStatus::FidNotFound) {
      flow = fresh(flow.flow, flow.id);
      flow.status = to_string(status_of(*answer));
    } else if (was_in_full) {
      flow.state = status_of(*answer) == FlowStatus::Successful ? State::Accepted : State::Refused;
      flow.status = to_string(status_of(*answer));
    } else {
      continue;
    }
    changed.push_back(flow);
  }
  return changed;
}

bool FlowAnnouncements::is_due() const {
  return has_less_to_say_ || std::ranges::any_of(flows_, [](const Flow& flow) {
           return flow.state == State::Pending && !flow.first_said;
         });
}

Json FlowAnnouncements::to_json() const {
  Json rows = Json::array();
  for (const auto& flow : flows_)
    rows.push_back({{"flow", flow.flow.name},
                    {"flow_id", flow.id},
                    {"priority", flow.flow.priority},
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

std::vector<FlowTemplate> wanted_flows(const std::vector<AnnouncedFlow>& flows,
                                       const std::map<std::string, bool>& switched) {
  std::vector<FlowTemplate> wanted;
  for (const auto& [flow, at_attachment] : flows) {
    const auto said = switched.find(flow.name);
    if (said == switched.end() ? at_attachment : said->second) wanted.push_back(flow);
  }
  return wanted;
}

}  // namespace flowmob::core
