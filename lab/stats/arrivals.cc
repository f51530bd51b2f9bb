// SPDX-License-Identifier: Apache-2.0
#include "lab/stats/arrivals.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace flowmob::lab {
namespace {

/// Looking further back for the extent of a reordering than this would be quadratic and tell nothing new.
constexpr std::size_t kExtentHorizon = 10000;

DelaySummary summarize(std::vector<Nanoseconds> delays) {
  if (delays.empty()) return {};
  std::ranges::sort(delays);
  const auto at = [&](double share) {
    return delays[static_cast<std::size_t>(share * static_cast<double>(delays.size() - 1))];
  };
  return {delays.front(), at(0.5), at(0.99), delays.back()};
}

struct Gap {
  Nanoseconds start{}, span{};
  void widen(Nanoseconds from, Nanoseconds to) {
    if (to - from > span) *this = {from, to - from};
  }
};

Gap longest_gap(std::vector<Nanoseconds> times, Nanoseconds from, Nanoseconds to) {
  std::ranges::sort(times);
  Gap gap;
  Nanoseconds last = from;
  for (const Nanoseconds time : times) {
    if (time >= from && last < to) gap.widen(last, time);
    last = time;  // also of an arrival before the window: its gap may reach into it
  }
  if (last < to) gap.widen(last, to);
  return gap;
}

}  // namespace

void ArrivalCounter::add(const Arrival& arrival) {
  if (!mark(arrival.sequence)) {
    ++duplicated_;
    return;
  }
  ++distinct_;
  if (arrival.sequence < next_) {
    ++reordered_;
    extent_ = std::max(extent_, extent_of(arrival.sequence));
  }
  next_ = std::max(next_, arrival.sequence + 1);
  order_.push_back(arrival.sequence);
  delays_.push_back(arrival.arrived - arrival.sent);
  if (last_ != 0 && arrival.arrived - last_ > longest_gap_) {
    longest_gap_ = arrival.arrived - last_;
    gap_start_ = last_;
  }
  last_ = arrival.arrived;
}

bool ArrivalCounter::mark(std::uint64_t sequence) {
  if (sequence >= seen_.size()) seen_.resize(sequence + 1);
  if (seen_[sequence]) return false;
  seen_[sequence] = true;
  return true;
}

std::uint64_t ArrivalCounter::extent_of(std::uint64_t sequence) const {
  std::uint64_t extent = 0;
  const std::size_t horizon = std::min(order_.size(), kExtentHorizon);
  for (std::size_t back = 1; back <= horizon; ++back) {
    if (order_[order_.size() - back] > sequence) extent = back;
  }
  return extent;
}

FlowSummary ArrivalCounter::summary(std::uint64_t sent) const {
  FlowSummary s;
  s.sent = sent;
  s.received = distinct_;
  s.lost = sent > distinct_ ? sent - distinct_ : 0;
  s.duplicated = duplicated_;
  s.reordered = reordered_;
  s.reordering_extent = extent_;
  s.longest_gap = longest_gap_;
  s.gap_start = gap_start_;
  s.delay = summarize(delays_);
  return s;
}

FlowSummary summarize_window(const std::vector<Sent>& sent, const std::vector<Arrival>& arrivals,
                             Nanoseconds from, Nanoseconds to) {
  std::map<std::uint64_t, std::uint64_t> position;  // sequence number -> place within the window
  for (const Sent& packet : sent) {
    if (packet.sent >= from && packet.sent < to) position.emplace(packet.sequence, position.size());
  }
  ArrivalCounter counter;
  std::vector<Nanoseconds> times;
  for (const Arrival& arrival : arrivals) {
    times.push_back(arrival.arrived);
    if (const auto found = position.find(arrival.sequence); found != position.end()) {
      counter.add({found->second, arrival.sent, arrival.arrived});
    }
  }
  FlowSummary summary = counter.summary(position.size());
  const Gap gap = longest_gap(std::move(times), from, to);
  summary.longest_gap = gap.span;
  summary.gap_start = gap.start;
  return summary;
}

double to_ms(Nanoseconds span) { return std::round(static_cast<double>(span) / 1e3) / 1e3; }

nlohmann::ordered_json to_json(const FlowSummary& s) {
  return {{"sent", s.sent},
          {"received", s.received},
          {"lost", s.lost},
          {"duplicated", s.duplicated},
          {"reordered", s.reordered},
          {"reordering_extent", s.reordering_extent},
          {"longest_gap_ms", to_ms(s.longest_gap)},
          {"delay_ms",
           {{"min", to_ms(s.delay.least)},
            {"median", to_ms(s.delay.median)},
            {"p99", to_ms(s.delay.p99)},
            {"max", to_ms(s.delay.greatest)}}}};
}

}  // namespace flowmob::lab
