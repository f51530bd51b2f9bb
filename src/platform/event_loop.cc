// SPDX-License-Identifier: Apache-2.0
#include "platform/event_loop.h"

#include <sys/stat.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <string>
#include <utility>

namespace flowmob::platform {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// libstdc++'s steady_clock is CLOCK_MONOTONIC, the line that TimePoint counts on.
std::chrono::steady_clock::time_point to_steady(TimePoint time) {
  return std::chrono::steady_clock::time_point(time.time_since_epoch());
}

}  // namespace

// Each state is kept alive by its watch and by the operation in flight, so that a callback may end its own
// watch.

struct FdWatch::State : std::enable_shared_from_this<FdWatch::State> {
  State(asio::io_context& context, Callback callback)
      : descriptor(context), on_readable(std::move(callback)) {}

  void wait_readable() {
    if (read_pending || cancelled || !reading) return;
    read_pending = true;
    descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                          [self = shared_from_this()](error_code error) {
                            self->read_pending = false;
                            if (error) return;
                            if (!self->cancelled && self->reading) self->on_readable();
                            self->wait_readable();
                          });
  }

  void wait_writable() {
    if (write_pending || cancelled) return;
    write_pending = true;
    descriptor.async_wait(
        asio::posix::stream_descriptor::wait_write, [self = shared_from_this()](error_code) {
          self->write_pending = false;
          if (const auto callback = std::exchange(self->on_writable, {}); callback && !self->cancelled)
            callback();
        });
  }

  void cancel() {
    if (std::exchange(cancelled, true)) return;
    // Not close(): the descriptor belongs to the caller. Operations in flight complete as aborted.
    if (descriptor.is_open()) descriptor.release();
  }

  asio::posix::stream_descriptor descriptor;
  Callback on_readable;
  Callback on_writable;
  bool reading = true;
  bool read_pending = false;
  bool write_pending = false;
  bool cancelled = false;
};

struct DeadlineTimer::State : std::enable_shared_from_this<DeadlineTimer::State> {
  State(asio::io_context& context, std::function<void()> callback)
      : timer(context), on_deadline(std::move(callback)) {}

  void arm(TimePoint deadline) {
    // The number tells the current wait from one that had completed, but not yet run, when it was replaced.
    const auto number = ++generation;
    timer.expires_at(to_steady(deadline));
    timer.async_wait([self = shared_from_this(), number](error_code) {
      if (number == self->generation) self->on_deadline();
    });
  }

  void cancel() {
    ++generation;
    timer.cancel();
  }

  asio::steady_timer timer;
  std::function<void()> on_deadline;
  std::uint64_t generation = 0;
};

struct SignalWatch::State : std::enable_shared_from_this<SignalWatch::State> {
  State(asio::io_context& context, std::function<void(int)> callback)
      : signals(context), on_signal(std::move(callback)) {}

  void wait() {
    signals.async_wait([self = shared_from_this()](error_code error, int number) {
      if (self->cancelled) return;
      if (!error) self->on_signal(number);
      if (!self->cancelled) self->wait();
    });
  }

  void cancel() {
    cancelled = true;
    error_code ignored;
    // Both: clear() alone returns the signals, but leaves the wait, and this state in it, pending for ever.
    signals.cancel(ignored);
    signals.clear(ignored);
  }

  asio::signal_set signals;
  std::function<void(int)> on_signal;
  bool cancelled = false;
};

FdWatch& FdWatch::operator=(FdWatch&& other) noexcept {
  if (this != &other) {
    cancel();
    state_ = std::move(other.state_);
  }
  return *this;
}

FdWatch::~FdWatch() { cancel(); }

void FdWatch::when_writable(Callback callback) {
  if (!state_) return;
  state_->on_writable = std::move(callback);
  state_->wait_writable();
}

void FdWatch::set_reading(bool reading) {
  if (!state_) return;
  state_->reading = reading;
  state_->wait_readable();
}

void FdWatch::cancel() {
  if (const auto state = std::exchange(state_, nullptr)) state->cancel();
}

DeadlineTimer& DeadlineTimer::operator=(DeadlineTimer&& other) noexcept {
  if (this != &other) {
    cancel();
    state_ = std::move(other.state_);
  }
  return *this;
}

DeadlineTimer::~DeadlineTimer() { cancel(); }

void DeadlineTimer::arm(TimePoint deadline) {
  if (state_) state_->arm(deadline);
}

void DeadlineTimer::cancel() {
  if (state_) state_->cancel();
}

SignalWatch& SignalWatch::operator=(SignalWatch&& other) noexcept {
  if (this != &other) {
    if (state_) state_->cancel();
    state_ = std::move(other.state_);
  }
  return *this;
}

SignalWatch::~SignalWatch() {
  if (state_) state_->cancel();
}

struct EventLoop::Impl {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
};

EventLoop::EventLoop(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EventLoop::~EventLoop() = default;

Result<std::unique_ptr<EventLoop>> EventLoop::create() {
  try {
    return std::unique_ptr<EventLoop>(new EventLoop(std::make_unique<Impl>()));
  } catch (const std::exception& exception) {
    return fail("event-loop-failed", exception.what());
  }
}

Result<FdWatch> EventLoop::watch(int fd, Callback on_readable) {
  // Asio accepts what epoll does not, and then every wait fails.
  struct ::stat status {};
  if (::fstat(fd, &status) != 0 || S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) {
    return fail("watch-failed", "descriptor " + std::to_string(fd) + " cannot be waited for");
  }
  auto state = std::make_shared<FdWatch::State>(impl_->context, std::move(on_readable));
  error_code error;
  state->descriptor.assign(fd, error);
  if (error) return fail("watch-failed", "cannot watch a descriptor: " + error.message());
  state->wait_readable();
  return FdWatch(std::move(state));
}

DeadlineTimer EventLoop::make_timer(Callback on_deadline) {
  return DeadlineTimer(std::make_shared<DeadlineTimer::State>(impl_->context, std::move(on_deadline)));
}

Result<SignalWatch> EventLoop::on_signals(std::initializer_list<int> signals,
                                          std::function<void(int)> callback) {
  auto state = std::make_shared<SignalWatch::State>(impl_->context, std::move(callback));
  for (const int number : signals) {
    error_code error;
    state->signals.add(number, error);
    if (error)
      return fail("signal-failed", "cannot watch signal " + std::to_string(number) + ": " + error.message());
  }
  state->wait();
  return SignalWatch(std::move(state));
}

void EventLoop::post(Callback callback) { asio::post(impl_->context, std::move(callback)); }

void EventLoop::run() {
  impl_->context.run();
  impl_->context.restart();
}

void EventLoop::run_for(Duration limit) {
  impl_->context.run_for(limit);
  impl_->context.restart();
}

void EventLoop::stop() { impl_->context.stop(); }

}  // namespace flowmob::platform
