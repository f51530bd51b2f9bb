// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "world.h"

namespace flowmob::sim {

/// A node's two clocks. Their zero points differ from node to node, as they do in life.
struct NodeClock {
  Duration boot_offset{};  ///< of the monotonic line
  Duration wall_skew{};

  Now at(Duration virtual_time) const {
    constexpr Duration kEpoch = std::chrono::hours(24 * 365 * 56);
    return {TimePoint(boot_offset + virtual_time), WallTime(kEpoch + virtual_time + wall_skew)};
  }
};

/// What the daemons' pump is on a real system: carries out effects in their order, answers them, and calls
/// handle_timeout when it is due.
template <class Core, class Effect>
class CorePump {
 public:
  using CarryOut = std::function<Result<void>(const Effect&)>;

  CorePump(World& world, std::string name, CarryOut carry_out)
      : world_(world), name_(std::move(name)), carry_out_(std::move(carry_out)) {}

  NodeClock clock;
  Duration slowest_answer{};  ///< zero: effects are answered at once
  unsigned fuse = 0;          ///< the node dies behind this many more effects; zero: it does not

  bool is_running() const { return core_ != nullptr; }
  bool has_unanswered() const { return unanswered_ != 0; }
  Core& core() { return *core_; }
  const Core& core() const { return *core_; }
  /// Differs from one start to the next.
  std::uint64_t life() const { return life_; }
  Now now() const { return clock.at(world_.queue.now()); }

  void start(std::unique_ptr<Core> core) { core_ = std::move(core); }
  /// As SIGKILL does it: nothing is said goodbye to, and no answer arrives any more.
  void kill() {
    core_.reset();
    ++life_;
    unanswered_ = 0;
    armed_.reset();
    fuse = 0;
  }

  /// Gives the core an input, if it runs, and does what follows from it.
  template <class Input>
  void feed(Input&& input) {
    if (!core_) return;
    std::forward<Input>(input)(*core_, now());
    drain();
  }

 private:
  void drain() {
    while (core_) {
      const auto effect = core_->poll_effect();
      if (!effect) break;
      const auto outcome = carry_out_(*effect);
      if (fuse != 0 && --fuse == 0) return kill();
      answer(*effect, outcome);
    }
    arm();
  }

  void answer(const Effect& effect, const Result<void>& outcome) {
    if (!outcome) world_.trace(name_, "effect fails: " + outcome.error().code);
    if (!effect.id) return;
    if (slowest_answer == Duration{}) return core_->handle_effect_result(now(), effect.id, outcome);
    ++unanswered_;
    world_.queue.after(world_.random.between({}, slowest_answer),
                       [this, id = effect.id, outcome, life = life_] {
                         if (life != life_) return;
                         --unanswered_;
                         feed([&](Core& core, Now now) { core.handle_effect_result(now, id, outcome); });
                       });
  }

  /// One alarm at most waits for a core; one that comes too early is set again.
  void arm() {
    if (!core_) return;
    const auto deadline = core_->poll_timeout();
    if (!deadline) return;
    const Duration when = std::max(deadline->time_since_epoch() - clock.boot_offset, world_.queue.now());
    if (armed_ && *armed_ <= when) return;
    armed_ = when;
    world_.queue.at(when, [this, when, life = life_] {
      if (life == life_ && armed_ == when) ring();
    });
  }

  void ring() {
    armed_.reset();
    const auto deadline = core_->poll_timeout();
    if (deadline && *deadline <= now().monotonic)
      expire();
    else
      arm();
  }

  /// A deadline that handle_timeout leaves behind in the past would keep a daemon busy for ever.
  void expire() {
    same_moment_ = last_expiry_ == world_.queue.now() ? same_moment_ + 1 : 0;
    last_expiry_ = world_.queue.now();
    world_.require(same_moment_ < 100, name_ + ": poll_timeout() stays in the past");
    feed([](Core& core, Now now) { core.handle_timeout(now); });
  }

  World& world_;
  std::string name_;
  CarryOut carry_out_;
  std::unique_ptr<Core> core_;
  std::uint64_t life_ = 0;
  std::optional<Duration> armed_;
  std::size_t unanswered_ = 0;
  std::size_t same_moment_ = 0;
  Duration last_expiry_{-1};
};

}  // namespace flowmob::sim
