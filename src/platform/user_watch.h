// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "platform/event_loop.h"

namespace flowmob::platform {

/// Users and their uids. The name service may ask a server, and wait: a thread of its own asks it, one name
/// after the other, and the loop hears the answers. The thread shares nothing with this object but questions
/// and answers, so that nobody waits for it at the end (docs/adr/0076).
class UserWatch {
 public:
  /// Those that were answered; none: nobody has that name.
  using Uids = std::map<std::string, std::optional<std::uint32_t>>;
  /// None: nobody has that name. An error: the name service cannot say, which changes nothing of what is
  /// known.
  using Answer = Result<std::optional<std::uint32_t>>;
  using Find = std::function<Answer(std::string_view)>;
  using OnChange = std::function<void(const std::string& name, std::optional<std::uint32_t> uid)>;
  using OnAnswer = std::function<void(const Answer& answer)>;

  struct Options {
    Find find;                                  ///< called by the thread
    Duration again = std::chrono::seconds(30);  ///< names that nobody had, or had no answer, are asked about
    std::size_t most_questions = 64;            ///< of ask() that wait
  };
  /// `on_change`: an answer differs from the one before, or is the first.
  UserWatch(EventLoop& loop, OnChange on_change, Options options);
  ~UserWatch();
  UserWatch(const UserWatch&) = delete;
  UserWatch& operator=(const UserWatch&) = delete;

  /// These from now on, and no others; all are asked about. What was known of one is known until then.
  void watch(std::set<std::string> names);
  const Uids& uids() const { return uids_; }
  /// For who has no loop that runs yet: until all are answered, or the time is over. What is known by then
  /// is no change.
  void wait(Duration most);
  /// About anybody, once. False: too many questions wait already.
  bool ask(const std::string& name, OnAnswer on_answer);

 private:
  struct Desk;
  void put(const std::string& name);
  void take_answers(bool is_change);
  void take(const std::string& name, const Answer& answer, bool is_change);
  void learn(const std::string& name, const Answer& answer, bool is_change);
  void look_again();

  OnChange on_change_;
  Options options_;
  std::set<std::string> names_;
  Uids uids_;
  std::set<std::string> failed_;  ///< those of which the service could not say anything the last time
  std::multimap<std::string, OnAnswer> askers_;
  std::shared_ptr<Desk> desk_;
  FdWatch reading_;
  DeadlineTimer timer_;
};

}  // namespace flowmob::platform
