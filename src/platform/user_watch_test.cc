// SPDX-License-Identifier: Apache-2.0
#include "platform/user_watch.h"

#include <gmock/gmock.h>
#include <pthread.h>
#include <pwd.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>

#include "platform/clock.h"
#include "platform/user.h"

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
    return [state = state_](std::string_view name) -> UserWatch::Answer {
      std::unique_lock lock(state->mutex);
      ++state->asked;
      state->changed.notify_all();
      state->changed.wait(lock, [&] { return state->is_open; });
      if (state->is_broken) return fail("user-lookup-failed", "out of reach");
      const auto found = state->users.find(std::string(name));
      return found == state->users.end() ? std::nullopt : Uid(found->second);
    };
  }
  void open(bool is_open = true) {
    const std::lock_guard lock(state_->mutex);
    state_->is_open = is_open;
    state_->changed.notify_all();
  }
  void break_down(bool is_broken = true) {
    const std::lock_guard lock(state_->mutex);
    state_->is_broken = is_broken;
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
    bool is_broken = false;
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
    run_until([&] { return told_.size() >= count; });
  }
  template <class Condition>
  void run_until(Condition is_so) {
    const TimePoint end = SystemClock::now().monotonic + 60s;
    while (!is_so() && SystemClock::now().monotonic < end) loop_->run_for(1ms);
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
  const auto note = [&](const UserWatch::Answer& answer) { answers.push_back(answer.value()); };
  EXPECT_TRUE(watch_->ask("alice", note));
  EXPECT_TRUE(watch_->ask("nobody-here", note));
  EXPECT_FALSE(watch_->ask("bob", note));
  service_.open();
  run_until([&] { return answers.size() == 2; });
  EXPECT_THAT(answers, ElementsAre(Uid(1000), std::nullopt));
  EXPECT_THAT(watch_->uids(), IsEmpty()) << "nobody watches them";
  EXPECT_TRUE(watch_->ask("bob", note));
}

TEST_F(UserWatchTest, AServiceThatCannotSayChangesNothingThatIsKnown) {
  service_.open();
  watch_->watch({"alice", "carol"});
  run_until_told(2);
  told_.clear();
  service_.break_down();
  std::vector<std::string> answers;
  const auto note = [&](const UserWatch::Answer& answer) {
    answers.push_back(answer ? "an answer" : answer.error().code);
  };
  EXPECT_TRUE(watch_->ask("alice", note));
  EXPECT_TRUE(watch_->ask("nobody-watches-me", note));
  run_until([&] { return answers.size() == 2; });
  EXPECT_THAT(answers, ElementsAre("user-lookup-failed", "user-lookup-failed"));
  EXPECT_THAT(watch_->uids(), ElementsAre(Pair("alice", Uid(1000)), Pair("carol", std::nullopt)));
  EXPECT_THAT(told_, IsEmpty());
  service_.add("alice", 1234);
  service_.break_down(false);
  run_until_told(1);
  EXPECT_THAT(told_, ElementsAre(Pair("alice", Uid(1234)))) << "it was asked again by itself";
}

TEST_F(UserWatchTest, WhoWasNeverAnsweredForIsNotSaidToBeNobody) {
  service_.break_down();
  service_.open();
  watch_->watch({"alice"});
  watch_->wait(60s);
  EXPECT_THAT(watch_->uids(), IsEmpty());
  service_.break_down(false);
  run_until_told(1);
  EXPECT_THAT(told_, ElementsAre(Pair("alice", Uid(1000))));
}

/// No thread can be made while it lives: none has room for its stack.
class NoThreads {
 public:
  NoThreads() {
    ::pthread_getattr_default_np(&before_);
    ::pthread_attr_t too_large = {};
    ::pthread_getattr_default_np(&too_large);
    ::pthread_attr_setstacksize(&too_large, std::size_t{1} << 60U);
    EXPECT_EQ(::pthread_setattr_default_np(&too_large), 0);
    ::pthread_attr_destroy(&too_large);
  }
  ~NoThreads() {
    ::pthread_setattr_default_np(&before_);
    ::pthread_attr_destroy(&before_);
  }
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;

 private:
  ::pthread_attr_t before_ = {};
};

TEST_F(UserWatchTest, AThreadThatCouldNotBeMadeIsMadeLater) {
  service_.open();
  {
    const NoThreads none;
    watch_->watch({"alice"});
    watch_->wait(1ms);
    EXPECT_THAT(watch_->uids(), IsEmpty());
  }
  run_until_told(1);
  EXPECT_THAT(told_, ElementsAre(Pair("alice", Uid(1000))));
}

TEST_F(UserWatchTest, NobodyWaitsForTheServiceAtTheEnd) {
  watch_->watch({"alice"});
  service_.wait_until_asked();
  watch_.reset();
  loop_.reset();
  service_.open();
  EXPECT_THAT(told_, IsEmpty());
}

TEST(FindUser, ByName) {
  EXPECT_EQ(find_user("root").value(), std::optional(0U));
  EXPECT_EQ(find_user("no-such-user-here").value(), std::nullopt);
}

template <int kNumber>
int says(const char* /*name*/, ::passwd* /*entry*/, char* /*room*/, std::size_t /*size*/, ::passwd** found) {
  *found = nullptr;
  return kNumber;
}

TEST(FindUser, ThatNobodyHasTheNameIsSaidInSeveralWays) {
  for (const UserLookUp service : {says<0>, says<ENOENT>, says<ESRCH>, says<EBADF>, says<EPERM>})
    EXPECT_EQ(find_user("alice", service).value(), std::nullopt);
}

TEST(FindUser, AServiceThatCannotSayIsAnError) {
  for (const UserLookUp service : {says<EIO>, says<ETIMEDOUT>, says<EAGAIN>, says<EMFILE>, says<ERANGE>}) {
    const auto found = find_user("alice", service);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, "user-lookup-failed");
  }
}

int needs_much_room(const char* /*name*/, ::passwd* entry, char* /*room*/, std::size_t size,
                    ::passwd** found) {
  *found = size < 100'000 ? nullptr : entry;
  entry->pw_uid = 7;
  return *found == nullptr ? ERANGE : 0;
}

TEST(FindUser, AnEntryMayBeLarge) {
  EXPECT_EQ(find_user("alice", needs_much_room).value(), std::optional(7U));
}

}  // namespace
}  // namespace flowmob::platform
