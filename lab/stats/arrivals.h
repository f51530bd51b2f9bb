// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

namespace flowmob::lab {

using Nanoseconds = std::int64_t;  ///< a moment (CLOCK_REALTIME) or a span
constexpr Nanoseconds kSecond = 1'000'000'000;
constexpr Nanoseconds kMillisecond = 1'000'000;

struct Sent {
  std::uint64_t sequence;
  Nanoseconds sent;
};

struct Arrival {
  std::uint64_t sequence;
  Nanoseconds sent;
  Nanoseconds arrived;
};

struct DelaySummary {
  Nanoseconds least{}, median{}, p99{}, greatest{};
};

/// What happened to one direction of one flow.
struct FlowSummary {
  std::uint64_t sent{}, received{}, lost{}, duplicated{}, reordered{};
  std::uint64_t reordering_extent{};  ///< RFC 4737 section 4.2.1, the greatest
  Nanoseconds longest_gap{};          ///< between two arrivals that follow each other
  Nanoseconds gap_start{};            ///< when the longest gap began
  DelaySummary delay;
};

/// Counts arrivals as they come. Sequence numbers start at 0.
class ArrivalCounter {
 public:
  void add(const Arrival& arrival);

  std::uint64_t distinct() const { return distinct_; }
  std::uint64_t duplicated() const { return duplicated_; }
  /// Everything but what only the sender knows; `sent` is how many it sent.
  FlowSummary summary(std::uint64_t sent) const;

 private:
  bool mark(std::uint64_t sequence);
  std::uint64_t extent_of(std::uint64_t sequence) const;

  std::vector<bool> seen_;
  std::vector<std::uint64_t> order_;  ///< sequence numbers as they arrived, first copies only
  std::vector<Nanoseconds> delays_;
  std::uint64_t distinct_{}, duplicated_{}, reordered_{}, extent_{}, next_{};
  Nanoseconds last_{}, longest_gap_{}, gap_start_{};
};

/// The part of a flow that was sent within [from, to). Arrivals may be later; the longest gap is looked for
/// among all arrivals that touch the window, and runs on to `to` if nothing comes.
FlowSummary summarize_window(const std::vector<Sent>& sent, const std::vector<Arrival>& arrivals,
                             Nanoseconds from, Nanoseconds to);

double to_ms(Nanoseconds span);  ///< rounded to microseconds
nlohmann::ordered_json to_json(const FlowSummary& summary);

}  // namespace flowmob::lab
