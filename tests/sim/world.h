// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include "event_queue.h"
#include "random.h"

namespace flowmob::sim {

/// A rule of the simulated domain does not hold. The text ends with the seed and what happened last.
class Broken : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
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
  std::size_t remembered = 120;  ///< lines of trace; zero: none is made
  bool thorough = true;          ///< every record through its JSON form; otherwise a few

  /// Something that checks look at is not as it was.
  void changed() { ++changes_; }
  std::uint64_t changes() const { return changes_; }

 private:
  void remember(std::string_view who, std::string_view what);

  std::uint64_t changes_ = 0;
  std::deque<std::string> last_;
};

}  // namespace flowmob::sim
