// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/observations.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "lab/domain/plan.h"

namespace flowmob::lab {
namespace {

std::optional<FlowKind> kind_of(const PacketFacts& p) {
  const auto has_port = [&](int port) { return p.source_port == port || p.destination_port == port; };
  if (p.protocol == kUdp && has_port(kVideoPort)) return FlowKind::Video;
  if (p.protocol == kUdp && has_port(kSteeringPort)) return FlowKind::Steering;
  if (p.protocol == kTcp && has_port(kHttpPort)) return FlowKind::Download;
  if (echo_facts(p)) return FlowKind::Ping;
  return {};
}

std::uint64_t mix(std::uint64_t a, std::uint64_t b) { return (a * 0x9e3779b97f4a7c15ULL) ^ (b + (a >> 29)); }

/// Tells a packet from every other of its flow.
std::uint64_t key_of(const PacketFacts& p) {
  if (const auto echo = echo_facts(p))
    return mix(echo->identifier, echo->sequence * 2ULL + (echo->request ? 1 : 0));
  if (const auto tcp = tcp_facts(p)) return tcp->header_hash;
  // The probe's own sequence number follows the UDP header.
  std::uint64_t key = 0;
  for (std::size_t i = 8 + 24; i < 8 + 32 && i < p.transport.size(); ++i) key = key << 8 | p.transport[i];
  return key;
}

std::uint64_t segment_key(std::uint32_t sequence, std::uint32_t payload, std::uint32_t timestamp) {
  return mix(mix(sequence, payload), timestamp);
}

}  // namespace

std::string_view to_string(FlowKind kind) {
  constexpr std::array<std::string_view, kFlowKinds.size()> kNames{"video", "download", "ping", "steering"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::vector<Loss> losses_within(const FlowTrack& track, Nanoseconds from, Nanoseconds to) {
  std::unordered_set<std::uint64_t> came;
  for (const Arrival& arrival : track.arrivals) came.insert(arrival.sequence);
  std::vector<Loss> losses;
  for (std::size_t i = 0; i < track.sent.size(); ++i) {
    const Sent& packet = track.sent[i];
    if (packet.sent < from || packet.sent >= to || came.contains(packet.sequence)) continue;
    losses.push_back({packet.sent, {}});
    if (i < track.sent_on.size()) losses.back().access = track.sent_on[i];
  }
  return losses;
}

void Observations::add(std::string_view link, const CapturedFrame& frame) {
  const auto facts = dissect(frame.octets);
  if (!facts) return;
  if (link.starts_with("lma-")) {
    if (facts->protocol != kMobility) return;
    signalling_.push_back({frame.time, std::string(link), facts->packet_length, binding_message(*facts)});
    return;
  }
  add_flow_packet(link, frame, *facts);
}

void Observations::add_flow_packet(std::string_view link, const CapturedFrame& frame,
                                   const PacketFacts& facts) {
  const auto kind = kind_of(facts);
  const bool up = mobile_.contains(facts.source);
  const auto& mobile = up ? facts.source : facts.destination;
  const auto& other = up ? facts.destination : facts.source;
  // The anchor pings the mobile node, too: it measures paths (docs/adr/0063).
  if (!kind || !mobile_.contains(mobile) || other != correspondent_address_) return;
  Sighting sighting{frame.time, key_of(facts), 0, 0, 0, 0};
  if (const auto tcp = tcp_facts(facts); tcp && tcp->payload > 0) {
    sighting.sequence = tcp->sequence;
    sighting.payload = tcp->payload;
    sighting.timestamp = tcp->timestamp;
  }
  const std::size_t where = slot(*kind, up ? Way::Up : Way::Down);
  const auto* access = std::ranges::find(kAccessLinks, link);
  if (access == kAccessLinks.end()) {
    correspondent_[where].push_back(sighting);
    return;
  }
  sighting.access = static_cast<std::uint8_t>(access - kAccessLinks.begin());
  mobile_node_[where].push_back(sighting);
  bins_[sighting.access][static_cast<std::size_t>(*kind)][frame.time / kBin * kBin] += frame.length;
}

const Observations::Sightings& Observations::at_correspondent(FlowKind flow, Way way) const {
  return correspondent_[slot(flow, way)];
}
const Observations::Sightings& Observations::at_mobile(FlowKind flow, Way way) const {
  return mobile_node_[slot(flow, way)];
}

FlowTrack Observations::track(FlowKind flow, Way way) const {
  const Sightings& raw_from = way == Way::Down ? at_correspondent(flow, way) : at_mobile(flow, way);
  const Sightings& raw_to = way == Way::Down ? at_mobile(flow, way) : at_correspondent(flow, way);
  const std::uint32_t segment = segment_size(raw_from, raw_to);
  Sightings from = cut(raw_from, segment);
  const Sightings to = cut(raw_to, segment);
  // Two captures are read in turns, and on a busy machine some time apart.
  std::ranges::stable_sort(from, {}, &Sighting::time);
  FlowTrack track;
  struct Copies {
    std::deque<std::uint64_t> waiting;
    std::uint64_t last{};
  };
  std::unordered_map<std::uint64_t, Copies> by_key;
  for (const Sighting& s : from) {
    by_key[s.key].waiting.push_back(track.sent.size());
    track.sent.push_back({track.sent.size(), s.time});
    if (way == Way::Up) track.sent_on.push_back(s.access);
  }
  for (const Sighting& s : to) {
    const auto found = by_key.find(s.key);
    if (found == by_key.end()) {  // a copy that was lost could hide behind one that was not captured
      track.unmatched.push_back(s.time);
      continue;
    }
    Copies& copies = found->second;
    if (!copies.waiting.empty()) {
      copies.last = copies.waiting.front();
      copies.waiting.pop_front();
    }
    track.arrivals.push_back({copies.last, track.sent[copies.last].sent, s.time});
  }
  std::ranges::sort(track.arrivals, {}, &Arrival::arrived);
  return track;
}

std::uint32_t Observations::segment_size(const Sightings& one, const Sightings& other) {
  const auto largest = [](const Sightings& sightings) {
    std::uint32_t payload = 0;
    for (const Sighting& s : sightings) payload = std::max(payload, s.payload);
    return payload;
  };
  const std::uint32_t a = largest(one), b = largest(other);
  return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b);
}

/// A sender hands TCP data down in units larger than a segment; what arrives are segments.
Observations::Sightings Observations::cut(const Sightings& sightings, std::uint32_t segment) {
  Sightings result;
  result.reserve(sightings.size());
  for (Sighting s : sightings) {
    if (s.payload == 0) {
      result.push_back(s);
      continue;
    }
    for (std::uint32_t left = s.payload; left > 0; left -= s.payload, s.sequence += s.payload) {
      s.payload = std::min(left, segment);
      s.key = segment_key(s.sequence, s.payload, s.timestamp);
      result.push_back(s);
    }
  }
  return result;
}

std::array<std::uint64_t, 2> Observations::frames_per_access(FlowKind flow, Way way, Nanoseconds from,
                                                             Nanoseconds to) const {
  std::array<std::uint64_t, 2> frames{};
  for (const Sighting& s : at_mobile(flow, way)) {
    if (s.time >= from && s.time < to) ++frames[s.access];
  }
  return frames;
}

std::array<std::optional<Nanoseconds>, 2> Observations::first_per_access(FlowKind flow, Way way,
                                                                         Nanoseconds from,
                                                                         Nanoseconds to) const {
  std::array<std::optional<Nanoseconds>, 2> first;
  for (const Sighting& s : at_mobile(flow, way)) {
    if (s.time >= from && s.time < to) first[s.access] = std::min(first[s.access].value_or(s.time), s.time);
  }
  return first;
}

}  // namespace flowmob::lab
