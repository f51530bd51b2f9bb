// SPDX-License-Identifier: Apache-2.0
#include "platform/user_watch.h"

#include <gmock/gmock.h>

#include <condition_variable>
#include <mutex>

#include "platform/clock.h"

namespace flowmob::platform {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

using Uid = std::optional<std::uint32_t>;

/// A name service that answers when it is allowed to. It outlives whoever asks.
class SlowService {
 public:
  UserWatch::Find find() {
    return [state = state_](std::string_view name) -> Uid {
      std::unique_lock lock(state->mutex);
      ++state->asked;
      state->changed.notify_all();
      state->changed.wait(lock, [&] { return state->is_open; });
      const auto found = state->users.find(std::string(name));
      return found == state->users.end() ? std::nullopt : Uid(found->second);
    };
  }
  void open(bool is_open = true) {
    const std::lock_guard lock(state_->mutex);
    state_->is_open = is_open;
    state_->changed.notify_all();
  }
  void add(const std::string& name, std::uint32_t uid) {
    const std::lock_guard lock(state_->mutex);
    state_->users[name] = uid;
  }
  void wait_until_asked() {
    std::unique_lock lock(state_->mutex);
    state_->changed.wait(lock, [&] { return state_->asked != 0; });
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    bool is_open = false;
    int asked = 0;
    std::map<std::string, std::uint32_t> users{{"alice", 1000}, {"bob", 1001}};
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

class UserWatchTest : public ::testing::Test {
 protected:
  ~UserWatchTest() override { service_.open(); }
  /// Until something is told.
  void run_until_told(std::size_t count) {
    const TimePoint end = SystemClock::now().monotonic + 60s;
    while (told_.size() < count && SystemClock::now().monotonic < end) loop_->run_for(1ms);
  }

  SlowService service_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create().value();
  std::vector<std::pair<std::string, Uid>> told_;
  std::optional<UserWatch> watch_{std::in_place, *loop_,
                                  [this](const std::string& name, Uid uid) { told_.emplace_back(name, uid); },
                                  UserWatch::Options{service_.find(), 10ms, 2}};
};

TEST_F(UserWatchTest, TheLoopGoesOnWhileTheServiceIsSlow) {
  watch_->watch({"alice"});
  service_.wait_until_asked();
  bool has_run = false;
  loop_->post([&] { has_run = true; });
  loop_->run_for(1ms);
  EXPECT_TRUE(has_run);
  EXPECT_THAT(watch_->uids(), IsEmpty());
  service_.open();
  run_until_told(1);
  EXPECT_THAT(told_, ElementsAre(Pair("alice", Uid(1000))));
  EXPECT_THAT(watch_->uids(), ElementsAre(Pair("alice", Uid(1000))));
}

TEST_F(UserWatchTest, WhoIsUnknownIsAskedAboutAgain) {
  service_.open();
  watch_->watch({"carol"});
  run_until_told(1);
  service_.add("carol", 7);
  run_until_told(2);
  EXPECT_THAT(told_, ElementsAre(Pair("carol", std::nullopt), Pair("carol", Uid(7))));
}

TEST_F(UserWatchTest, WhatWasKnownStandsUntilTheNextAnswer) {
  service_.open();
  watch_->watch({"alice", "bob"});
  run_until_told(2);
  service_.open(false);
  watch_->watch({"alice", "carol"});
  EXPECT_THAT(watch_->uids(), ElementsAre(Pair("alice", Uid(1000))));
  service_.add("alice", 1234);
  service_.open();
  run_until_told(4);
  EXPECT_THAT(watch_->uids(), ElementsAre(Pair("alice", Uid(1234)), Pair("carol", std::nullopt)));
}

TEST_F(UserWatchTest, BeforeTheLoopRunsOneMayWait) {
  watch_->watch({"alice"});
  watch_->wait(1ms);
  EXPECT_THAT(watch_->uids(), IsEmpty()) << "the time was over";
  service_.open();
  watch_->wait(60s);
  EXPECT_THAT(watch_->uids(), ElementsAre(Pair("alice", Uid(1000))));
  loop_->run_for(1ms);
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(UserWatchTest, QuestionsHaveABound) {
  std::vector<Uid> answers;
  const auto note = [&](Uid uid) { answers.push_back(uid); };
  EXPECT_TRUE(watch_->ask("alice", note));
  EXPECT_TRUE(watch_->ask("nobody-here", note));
  EXPECT_FALSE(watch_->ask("bob", note));
  service_.open();
  const TimePoint end = SystemClock::now().monotonic + 60s;
  while (answers.size() < 2 && SystemClock::now().monotonic < end) loop_->run_for(1ms);
  EXPECT_THAT(answers, ElementsAre(Uid(1000), std::nullopt));
  EXPECT_THAT(watch_->uids(), IsEmpty()) << "nobody watches them";
  EXPECT_TRUE(watch_->ask("bob", note));
}

TEST_F(UserWatchTest, NobodyWaitsForTheServiceAtTheEnd) {
  watch_->watch({"alice"});
  service_.wait_until_asked();
  watch_.reset();
  loop_.reset();
  service_.open();
  EXPECT_THAT(told_, IsEmpty());
}

}  // namespace
}  // namespace flowmob::platform
