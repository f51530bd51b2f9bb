// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "event_queue.h"
#include "random.h"

namespace flowmob::sim {

/// A rule of the simulated domain does not hold. The text ends with the seed and what happened last.
class Broken : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What happened in a run, in numbers.
struct Tally {
  std::uint64_t handovers = 0;   ///< a session went to another gateway
  std::uint64_t flow_moves = 0;  ///< a flow went to another session
  std::uint64_t messages = 0;    ///< Mobility Headers sent
  std::uint64_t events = 0;

  void add(const Tally& other) {
    handovers += other.handovers;
    flow_moves += other.flow_moves;
    messages += other.messages;
    events += other.events;
  }
};

/// What every part of one run shares: time, chance, and the memory of what happened.
class World {
 public:
  explicit World(std::uint64_t seed_number) : random(seed_number), seed(seed_number) {}
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// What happened, as text or as something that makes the text when it is wanted.
  template <class What>
  void trace(std::string_view who, What&& what) {
    if (remembered == 0) return;
    if constexpr (std::is_invocable_v<What>)
      remember(who, what());
    else
      remember(who, what);
  }
  [[noreturn]] void broken(const std::string& what) const;
  void require(bool holds, std::string_view what) const {
    if (!holds) broken(std::string(what));
  }

  EventQueue queue;
  Random random;
  const std::uint64_t seed;
  Tally tally;
  std::string replay;            ///< the command that does it again
  std::size_t remembered = 120;  ///< lines of trace; zero: none is made
  bool thorough = true;          ///< every record through its JSON form; otherwise a few

  /// Something that checks of this node look at is not as it was, and of all nodes.
  void touch(std::size_t node) { touched_.insert(node); }
  void touch_all() { all_touched_ = true; }
  bool take_all_touched() { return std::exchange(all_touched_, false); }
  std::set<std::size_t> take_touched() { return std::exchange(touched_, {}); }
  bool is_touched() const { return all_touched_ || !touched_.empty(); }

 private:
  void remember(std::string_view who, std::string_view what);

  std::set<std::size_t> touched_;
  bool all_touched_ = true;
  std::deque<std::string> last_;
};

}  // namespace flowmob::sim
