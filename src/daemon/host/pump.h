// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <utility>

#include "platform/clock.h"
#include "platform/event_loop.h"

namespace flowmob::daemon {

/// Between a core object and the system: after every input, carries out all effects the core asks for,
/// answers them, and keeps the core's next deadline armed. The one place where a daemon's time enters its
/// core.
template <class Core, class Effect>
class Pump {
 public:
  using CarryOut = std::function<Result<void>(const Effect&)>;

  Pump(platform::EventLoop& loop, Core& core, CarryOut carry_out)
      : core_(core), carry_out_(std::move(carry_out)), timer_(loop.make_timer([this] {
          core_.handle_timeout(platform::SystemClock::now());
          drain();
        })) {}

  /// Gives the core an input and does what follows from it: `pump.feed([&](Now now) { core.handle_x(now,
  /// ...); })`.
  template <class Input>
  decltype(auto) feed(Input&& input) {
    struct Drain {
      Pump& pump;
      ~Drain() { pump.drain(); }
    } drain{*this};
    return std::forward<Input>(input)(platform::SystemClock::now());
  }

  void drain() {
    while (auto effect = core_.poll_effect()) {
      const auto outcome = carry_out_(*effect);
      if (effect->id) core_.handle_effect_result(platform::SystemClock::now(), effect->id, outcome);
    }
    if (const auto deadline = core_.poll_timeout())
      timer_.arm(*deadline);
    else
      timer_.cancel();
  }

 private:
  Core& core_;
  CarryOut carry_out_;
  platform::DeadlineTimer timer_;
};

}  // namespace flowmob::daemon
