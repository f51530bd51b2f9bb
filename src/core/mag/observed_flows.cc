// SPDX-License-Identifier: Apache-2.0
#include "core/mag/observed_flows.h"

#include <algorithm>

namespace flowmob::core {
namespace {

constexpr Duration kBatch = std::chrono::milliseconds(10);
constexpr Duration kPace = std::chrono::milliseconds(334);

template <class T>
wire::Range<T> just(const T& value) {
  return {value, value};
}

wire::TrafficSelector6 selector_of(const FlowKey& key) {
  wire::TrafficSelector6 selector;
  selector.source = just(key.source);
  selector.destination = just(key.destination);
  selector.next_header = just(key.protocol);
  if (key.spi) selector.spi = just(*key.spi);
  if (!key.ports) return selector;
  selector.source_port = just(key.ports->source);
  selector.destination_port = just(key.ports->destination);
  return selector;
}

}  // namespace

std::string name_of(const FlowSighting& sighting) {
  const std::string name = to_string(sighting.flow);
  return sighting.flow.spi ? name + ",spi=" + std::to_string(*sighting.flow.spi) : name;
}

ObservedFlows::Verdict ObservedFlows::note(TimePoint now, const FlowSighting& sighting) {
  using Kind = FlowSighting::Kind;
  if (is_stopped_) return Verdict::Ignored;
  std::string name = name_of(sighting);
  const auto known = std::ranges::find(flows_, name, [](const Flow& f) { return f.flow.name; });
  if (known == flows_.end())
    return sighting.kind == Kind::Alive ? Verdict::Known : admit(now, sighting, std::move(name));
  const Duration silence = now - std::exchange(known->heard, now);
  const bool has_come_back = sighting.kind == Kind::Unanswered && silence > kSilence;
  return sighting.kind == Kind::New || has_come_back ? Verdict::Again : Verdict::Known;
}

/// Those that gave way a while ago, and no more.
bool ObservedFlows::was_evicted_lately(TimePoint now, const std::string& name) {
  std::erase_if(evicted_, [now](const auto& one) { return one.second + kSilence <= now; });
  return std::ranges::find(evicted_, name, [](const auto& one) { return one.first; }) != evicted_.end();
}

/// The idlest gives way to a flow that has just come, not to one that waits for room since long, nor to one
/// that has just given way itself: those would take turns.
ObservedFlows::Verdict ObservedFlows::admit(TimePoint now, const FlowSighting& sighting, std::string name) {
  if (flows_.size() >= kMost) {
    const auto worst = idlest();
    const bool is_idle = now - worst->heard > kSilence;
    const bool has_come = sighting.kind == FlowSighting::Kind::New && !was_evicted_lately(now, name);
    if (!has_come && !is_idle) return Verdict::Ignored;
    if (evicted_.size() >= kMost) evicted_.erase(evicted_.begin());
    evicted_.emplace_back(worst->flow.name, now);
    flows_.erase(worst);
  }
  flows_.push_back({{std::move(name), kPriority, selector_of(sighting.flow)}, now});
  return Verdict::Told;
}

std::vector<ObservedFlows::Flow>::iterator ObservedFlows::idlest() {
  return std::ranges::min_element(flows_, {}, &Flow::heard);
}

bool ObservedFlows::expire(TimePoint now) {
  return std::erase_if(flows_, [now](const Flow& flow) { return flow.heard + kIdle <= now; }) != 0;
}

void ObservedFlows::forget(std::string_view name) {
  std::erase_if(flows_, [name](const Flow& flow) { return flow.flow.name == name; });
}

void ObservedFlows::stop() {
  clear();
  is_stopped_ = true;
}

void ObservedFlows::clear() {
  flows_.clear();
  evicted_.clear();
  tell_at_.reset();
  is_stopped_ = false;
}

std::vector<FlowTemplate> ObservedFlows::templates() const {
  std::vector<FlowTemplate> all;
  for (const auto& flow : flows_) all.push_back(flow.flow);
  return all;
}

void ObservedFlows::ask_to_tell(TimePoint now) {
  if (tell_at_) return;
  tell_at_ = now + kBatch;
  if (told_at_) tell_at_ = std::max(*tell_at_, *told_at_ + kPace);
}

bool ObservedFlows::take_due(TimePoint now) {
  if (!tell_at_ || *tell_at_ > now) return false;
  tell_at_.reset();
  told_at_ = now;
  return true;
}

std::optional<TimePoint> ObservedFlows::next_deadline() const {
  auto next = tell_at_;
  for (const auto& flow : flows_)
    if (!next || flow.heard + kIdle < *next) next = flow.heard + kIdle;
  return next;
}

}  // namespace flowmob::core
