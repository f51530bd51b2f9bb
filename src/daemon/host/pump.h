// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "platform/clock.h"
#include "platform/event_loop.h"

namespace flowmob::daemon {

/// Between a core object and the system: after every input, carries out all effects the core asks for,
/// answers them, and keeps the core's next deadline armed. The one place where a daemon's time enters its
/// core.
template <class Core, class Effect>
class Pump {
 public:
  /// What became of an effect; nothing: the end of the batch will show (docs/adr/0051).
  using CarryOut = std::function<std::optional<Result<void>>(const Effect&)>;
  using EndBatch = std::function<Result<void>()>;
  /// Called when all that followed from an input has been done.
  using Settled = std::function<void()>;

  Pump(platform::EventLoop& loop, Core& core, CarryOut carry_out, EndBatch end_batch = {},
       Settled settled = {})
      : core_(core),
        carry_out_(std::move(carry_out)),
        end_batch_(std::move(end_batch)),
        settled_(std::move(settled)),
        timer_(loop.make_timer([this] {
          armed_.reset();
          feed([this](Now now) { core_.handle_timeout(now); });
        })) {}

  /// Gives the core an input and does what follows from it: `pump.feed([&](Now now) { core.handle_x(now,
  /// ...); })`.
  template <class Input>
  decltype(auto) feed(Input&& input) {
    struct Settle {
      Pump& pump;
      ~Settle() { pump.settle(); }
    } settle{*this};
    return std::forward<Input>(input)(platform::SystemClock::now());
  }

  /// The same for one of many inputs that are at hand; settle() has to follow the last.
  template <class Input>
  void feed_one_of_many(Input&& input) {
    std::forward<Input>(input)(platform::SystemClock::now());
    drain();
  }

  void settle() {
    drain();
    while (!batch_.empty()) {
      const auto outcome = end_batch_();
      for (const EffectId id : std::exchange(batch_, {}))
        core_.handle_effect_result(platform::SystemClock::now(), id, outcome);
      drain();
    }
    arm();
    if (settled_) settled_();
  }

 private:
  void drain() {
    while (auto effect = core_.poll_effect()) {
      const auto outcome = carry_out_(*effect);
      if (!outcome)
        batch_.push_back(effect->id);
      else if (effect->id)
        core_.handle_effect_result(platform::SystemClock::now(), effect->id, *outcome);
    }
  }

  void arm() {
    const auto deadline = core_.poll_timeout();
    if (deadline == armed_) return;
    armed_ = deadline;
    if (deadline)
      timer_.arm(*deadline);
    else
      timer_.cancel();
  }

  Core& core_;
  CarryOut carry_out_;
  EndBatch end_batch_;
  Settled settled_;
  std::vector<EffectId> batch_;  ///< effects that wait for its end
  std::optional<TimePoint> armed_;
  platform::DeadlineTimer timer_;
};

}  // namespace flowmob::daemon
