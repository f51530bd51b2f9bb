// SPDX-License-Identifier: Apache-2.0
#include "platform/event_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include "platform/clock.h"
#include "platform/unique_fd.h"

namespace flowmob::platform {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Long enough that only a failing test ever waits for it.
constexpr Duration kLimit = seconds(20);

struct Pair {
  UniqueFd a, b;
  Pair() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    a.reset(ends[0]);
    b.reset(ends[1]);
  }
  void write(const char* text) { ASSERT_GT(::send(b.get(), text, std::strlen(text), 0), 0); }
  std::string read(std::size_t most) {
    std::string text(most, '\0');
    const auto count = ::recv(a.get(), text.data(), most, 0);
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
  }
};

class EventLoopTest : public ::testing::Test {
 protected:
  std::unique_ptr<EventLoop> loop = EventLoop::create().value();
};

TEST_F(EventLoopTest, CallsWhileSomethingIsLeftToRead) {
  Pair pair;
  pair.write("abc");
  std::string seen;
  const auto watch = loop->watch(pair.a.get(), [&] {
    seen += pair.read(1);
    if (seen.size() == 3) loop->stop();
  });
  ASSERT_TRUE(watch);
  loop->run_for(kLimit);
  EXPECT_EQ(seen, "abc");
}

TEST_F(EventLoopTest, WatchMayEndInItsOwnCallback) {
  Pair pair;
  pair.write("abc");
  FdWatch watch;
  int calls = 0;
  watch = loop->watch(pair.a.get(),
                      [&] {
                        ++calls;
                        watch = FdWatch();
                        loop->post([&] { loop->post([&] { loop->stop(); }); });
                      })
              .value();
  loop->run_for(kLimit);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(pair.read(3), "abc") << "the descriptor stays open and its data untouched";
}

TEST_F(EventLoopTest, EndedWatchIsSilentThoughTheEventWasQueued) {
  Pair one, two;
  FdWatch first, second;
  int calls = 0;
  const auto end_both = [&] {
    ++calls;
    first.cancel();
    second.cancel();
    loop->post([&] { loop->stop(); });
  };
  first = loop->watch(one.a.get(), end_both).value();
  second = loop->watch(two.a.get(), end_both).value();
  one.write("x");
  two.write("x");
  loop->run_for(kLimit);
  EXPECT_EQ(calls, 1);
}

TEST_F(EventLoopTest, DescriptorCanBeWatchedAgain) {
  Pair pair;
  loop->watch(pair.a.get(), [] {}).value().cancel();
  bool called = false;
  const auto watch = loop->watch(pair.a.get(), [&] {
    called = true;
    loop->stop();
  });
  ASSERT_TRUE(watch) << watch.error().message;
  pair.write("x");
  loop->run_for(kLimit);
  EXPECT_TRUE(called);
}

TEST_F(EventLoopTest, WritableOnceRoomIsThere) {
  Pair pair;
  const std::string block(65536, 'x');
  while (::send(pair.a.get(), block.data(), block.size(), 0) > 0) {
  }
  auto watch = loop->watch(pair.a.get(), [] {}).value();
  int writable = 0;
  watch.when_writable([&] {
    ++writable;
    loop->stop();
  });
  loop->run_for(milliseconds(1));
  EXPECT_EQ(writable, 0);
  std::vector<char> sink(1 << 20);
  while (::recv(pair.b.get(), sink.data(), sink.size(), 0) > 0) {
  }
  loop->run_for(kLimit);
  EXPECT_EQ(writable, 1);
}

TEST_F(EventLoopTest, ReadingPausesAndResumes) {
  Pair pair;
  int calls = 0;
  auto watch = loop->watch(pair.a.get(),
                           [&] {
                             ++calls;
                             pair.read(1);
                             loop->stop();
                           })
                   .value();
  watch.set_reading(false);
  pair.write("x");
  loop->run_for(milliseconds(1));
  EXPECT_EQ(calls, 0);
  watch.set_reading(true);
  loop->run_for(kLimit);
  EXPECT_EQ(calls, 1);
}

TEST_F(EventLoopTest, RegularFileCannotBeWatched) {
  const UniqueFd file(::open("/etc/hosts", O_RDONLY | O_CLOEXEC));
  const auto watch = loop->watch(file.get(), [] {});
  ASSERT_FALSE(watch);
  EXPECT_EQ(watch.error().code, "watch-failed");
}

TEST_F(EventLoopTest, TimersFireInTheOrderOfTheirDeadlines) {
  std::string order;
  auto a = loop->make_timer([&] { order += 'a'; });
  auto b = loop->make_timer([&] { order += 'b'; });
  auto c = loop->make_timer([&] {
    order += 'c';
    loop->stop();
  });
  const TimePoint now = SystemClock::now().monotonic;
  c.arm(now + milliseconds(3));
  a.arm(now + milliseconds(2));
  b.arm(now - seconds(1));  // already past: in the next turn
  loop->run_for(kLimit);
  EXPECT_EQ(order, "bac");
  EXPECT_GE(SystemClock::now().monotonic, now + milliseconds(3)) << "never before its deadline";
}

TEST_F(EventLoopTest, RearmedOrCancelledTimerForgetsItsOldDeadline) {
  int moved = 0, cancelled = 0;
  auto timer = loop->make_timer([&] { ++moved; });
  auto other = loop->make_timer([&] { ++cancelled; });
  const TimePoint past = SystemClock::now().monotonic - seconds(1);
  auto first = loop->make_timer([&] {
    // Both others have expired as well and their completions are queued behind this one.
    timer.arm(past + seconds(3600));
    other.cancel();
    loop->post([&] { loop->post([&] { loop->stop(); }); });
  });
  first.arm(past - seconds(1));
  timer.arm(past);
  other.arm(past);
  loop->run_for(kLimit);
  EXPECT_EQ(moved, 0);
  EXPECT_EQ(cancelled, 0);
}

TEST_F(EventLoopTest, TimerMayRearmItself) {
  int calls = 0;
  DeadlineTimer timer;
  timer = loop->make_timer([&] {
    if (++calls == 3) return loop->stop();
    timer.arm(SystemClock::now().monotonic);
  });
  timer.arm(SystemClock::now().monotonic);
  loop->run_for(kLimit);
  EXPECT_EQ(calls, 3);
}

TEST_F(EventLoopTest, SignalsArriveAsCallbacks) {
  std::vector<int> seen;
  const auto watch = loop->on_signals({SIGHUP, SIGTERM}, [&](int number) {
    seen.push_back(number);
    if (number == SIGTERM) loop->stop();
    if (number == SIGHUP) std::raise(SIGTERM);
  });
  ASSERT_TRUE(watch);
  std::raise(SIGHUP);
  loop->run_for(kLimit);
  EXPECT_EQ(seen, (std::vector<int>{SIGHUP, SIGTERM}));
}

TEST_F(EventLoopTest, UnknownSignalIsAnError) {
  EXPECT_FALSE(loop->on_signals({-1}, [](int) {}));
}

TEST_F(EventLoopTest, StopBeforeRunIsNotLost) {
  loop->stop();
  loop->run();
  int calls = 0;
  loop->post([&] {
    ++calls;
    loop->stop();
  });
  loop->run();
  EXPECT_EQ(calls, 1);
}

TEST(SystemClock, BothLinesMoveForward) {
  const Now before = SystemClock::now();
  const Now after = SystemClock::now();
  EXPECT_LE(before.monotonic, after.monotonic);
  EXPECT_GT(before.wall.time_since_epoch(), std::chrono::hours(24 * 365 * 50))
      << "wall time counts from 1970";
}

}  // namespace
}  // namespace flowmob::platform
