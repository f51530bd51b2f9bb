// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>

#include "base/time.h"

namespace flowmob::lab {

/// One direction of an emulated link.
struct LinkParameters {
  Duration delay{};
  Duration jitter{};                ///< each frame: delay plus or minus up to this; frames never overtake
  double loss{};                    ///< probability, 0 to 1
  std::uint64_t rate{};             ///< bit/s; 0: no limit
  std::uint64_t queue = 256 << 10;  ///< octets that may wait for the rate; more is dropped at the tail
};

/// Decides when a frame leaves at the far end. Pure: time comes in, randomness is seeded.
class LinkModel {
 public:
  enum class Fate { Delivered, Lost, QueueFull };
  struct Verdict {
    Fate fate;
    TimePoint due;  ///< when delivered
  };

  LinkModel(const LinkParameters& parameters, std::uint64_t seed) : parameters_(parameters), random_(seed) {}

  Verdict offer(TimePoint now, std::size_t octets);
  const LinkParameters& parameters() const { return parameters_; }
  /// Frames already accepted keep their times.
  void set_parameters(const LinkParameters& parameters) { parameters_ = parameters; }
  /// Nothing waits any more: the link went down.
  void clear() { busy_until_ = last_due_ = {}; }

 private:
  bool fits(TimePoint now, std::size_t octets) const;
  Duration serialisation(std::size_t octets) const;
  Duration propagation();
  double uniform();

  LinkParameters parameters_;
  std::mt19937_64 random_;
  TimePoint busy_until_{};
  TimePoint last_due_{};
};

}  // namespace flowmob::lab
