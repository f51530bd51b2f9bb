// SPDX-License-Identifier: Apache-2.0
#include "platform/user_watch.h"

#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "platform/clock.h"
#include "platform/unique_fd.h"

namespace flowmob::platform {

/// What the thread and the loop share; whoever is last ends it.
struct UserWatch::Desk {
  explicit Desk(Find asked) : find(std::move(asked)), bell(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return is_closed || !questions.empty(); });
      if (is_closed) return;
      const std::string name = questions.front();
      lock.unlock();
      auto answer = find(name);
      lock.lock();
      // It waits until now, so that nobody asks the same once more meanwhile.
      std::erase(questions, name);
      answers.emplace_back(name, std::move(answer));
      ring();
      changed.notify_all();
    }
  }
  void ring() const {
    const std::uint64_t once = 1;
    (void)!::write(bell.get(), &once, sizeof(once));
  }

  const Find find;
  const UniqueFd bell;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::string> questions;
  std::vector<std::pair<std::string, Answer>> answers;
  bool is_closed = false;
  bool is_served = false;
};

UserWatch::UserWatch(EventLoop& loop, OnChange on_change, Options options)
    : on_change_(std::move(on_change)),
      options_(std::move(options)),
      desk_(std::make_shared<Desk>(options_.find)),
      timer_(loop.make_timer([this] { look_again(); })) {
  auto reading = loop.watch(desk_->bell.get(), [this] {
    std::uint64_t times = 0;
    (void)!::read(desk_->bell.get(), &times, sizeof(times));
    take_answers(true);
  });
  if (reading)
    reading_ = std::move(*reading);
  else
    spdlog::error("users: {}", reading.error().message);
}

/// The thread may be in the name service's hands for long: it ends when it comes back, or with the process.
UserWatch::~UserWatch() {
  const std::lock_guard lock(desk_->mutex);
  desk_->is_closed = true;
  desk_->changed.notify_all();
}

/// Signals are the loop's. A thread that could not be made is tried again with the next question, be it the
/// same.
void UserWatch::put(const std::string& name) {
  const std::lock_guard lock(desk_->mutex);
  if (std::ranges::count(desk_->questions, name) == 0) desk_->questions.push_back(name);
  desk_->changed.notify_all();
  if (desk_->is_served) return;
  ::sigset_t all{}, before{};
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread([desk = desk_] { desk->work(); }).detach();
    desk_->is_served = true;
  } catch (const std::system_error& error) {
    spdlog::error("users are not looked for: {}", error.what());
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void UserWatch::watch(std::set<std::string> names) {
  names_ = std::move(names);
  std::erase_if(uids_, [this](const auto& known) { return !names_.contains(known.first); });
  std::erase_if(failed_, [this](const auto& name) { return !names_.contains(name); });
  for (const auto& name : names_) put(name);
  timer_.cancel();
  if (!names_.empty()) timer_.arm(SystemClock::now().monotonic + options_.again);
}

void UserWatch::wait(Duration most) {
  std::unique_lock lock(desk_->mutex);
  desk_->changed.wait_for(lock, most, [this] { return desk_->questions.empty(); });
  lock.unlock();
  take_answers(false);
}

bool UserWatch::ask(const std::string& name, OnAnswer on_answer) {
  if (askers_.size() >= options_.most_questions) return false;
  askers_.emplace(name, std::move(on_answer));
  put(name);
  return true;
}

void UserWatch::take_answers(bool is_change) {
  std::vector<std::pair<std::string, Answer>> answers;
  {
    const std::lock_guard lock(desk_->mutex);
    answers.swap(desk_->answers);
  }
  for (const auto& [name, answer] : answers) take(name, answer, is_change);
}

void UserWatch::take(const std::string& name, const Answer& answer, bool is_change) {
  std::vector<OnAnswer> told;
  const auto [first, last] = askers_.equal_range(name);
  for (auto asker = first; asker != last; ++asker) told.push_back(std::move(asker->second));
  askers_.erase(first, last);
  if (names_.contains(name)) learn(name, answer, is_change);
  for (const auto& on_answer : told) on_answer(answer);
}

void UserWatch::learn(const std::string& name, const Answer& answer, bool is_change) {
  if (!answer) {
    if (failed_.insert(name).second) spdlog::warn("{}", answer.error().message);
    return;
  }
  failed_.erase(name);
  const auto known = uids_.find(name);
  const bool is_new = known == uids_.end() || known->second != *answer;
  uids_.insert_or_assign(name, *answer);
  if (is_new && is_change) on_change_(name, *answer);
}

/// Not every name service that is out of reach says so: some say that there is nobody.
void UserWatch::look_again() {
  timer_.arm(SystemClock::now().monotonic + options_.again);
  for (const auto& name : names_)
    if (const auto known = uids_.find(name); known == uids_.end() || !known->second || failed_.contains(name))
      put(name);
}

}  // namespace flowmob::platform
