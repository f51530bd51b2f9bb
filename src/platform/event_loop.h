// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>

#include "base/error.h"
#include "base/time.h"

namespace flowmob::platform {

/// Interest in one file descriptor; ends with this object. The descriptor stays its owner's and has to
/// outlive the watch. Safe to destroy inside its own callback.
class FdWatch {
 public:
  using Callback = std::function<void()>;
  FdWatch() = default;
  FdWatch(FdWatch&&) noexcept = default;
  FdWatch& operator=(FdWatch&& other) noexcept;
  ~FdWatch();

  /// Calls back once, as soon as the descriptor can be written; replaces an earlier request.
  void when_writable(Callback callback);
  /// Stops or resumes the readable callback: back pressure towards a peer that sends too fast.
  void set_reading(bool reading);
  void cancel();
  explicit operator bool() const { return state_ != nullptr; }

  struct State;

 private:
  friend class EventLoop;
  explicit FdWatch(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

/// A one-shot deadline on the monotonic time line; armed again and again. Safe to use inside its own
/// callback.
class DeadlineTimer {
 public:
  DeadlineTimer() = default;
  DeadlineTimer(DeadlineTimer&&) noexcept = default;
  DeadlineTimer& operator=(DeadlineTimer&& other) noexcept;
  ~DeadlineTimer();

  /// Replaces the deadline; one that has passed fires in the loop's next turn.
  void arm(TimePoint deadline);
  void cancel();

  struct State;

 private:
  friend class EventLoop;
  explicit DeadlineTimer(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

/// Signals delivered as ordinary callbacks; the default disposition returns with the end of this object.
class SignalWatch {
 public:
  SignalWatch() = default;
  SignalWatch(SignalWatch&&) noexcept = default;
  SignalWatch& operator=(SignalWatch&& other) noexcept;
  ~SignalWatch();

  struct State;

 private:
  friend class EventLoop;
  explicit SignalWatch(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

/// One thread's event loop. Watches, timers and signal watches must be gone before it is.
class EventLoop {
 public:
  using Callback = std::function<void()>;

  static Result<std::unique_ptr<EventLoop>> create();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Calls back while `fd` is readable (level-triggered: what is left unread calls again).
  [[nodiscard]] Result<FdWatch> watch(int fd, Callback on_readable);
  [[nodiscard]] DeadlineTimer make_timer(Callback on_deadline);
  [[nodiscard]] Result<SignalWatch> on_signals(std::initializer_list<int> signals,
                                               std::function<void(int)> callback);
  /// Calls back in the loop's next turn.
  void post(Callback callback);

  void run();                    ///< until stop()
  void run_for(Duration limit);  ///< until stop() or the limit
  void stop();

 private:
  struct Impl;
  explicit EventLoop(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace flowmob::platform
