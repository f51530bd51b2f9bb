// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace flowmob::lab {

/// A program to start. Unlike `ip netns exec`, `netns` moves the network only: /sys/fs/bpf stays visible.
struct Command {
  std::vector<std::string> argv;
  std::string netns{};             ///< name of a network namespace; empty: our own
  std::filesystem::path log{};     ///< standard output and error; empty: discarded
  std::filesystem::path output{};  ///< standard output alone, where it is not to go into the log
  std::filesystem::path directory{};
  bool detached = false;  ///< outlives us, in a session of its own; otherwise it dies with us
};

/// A running program. The destructor ends it, unless release() was called.
class Process {
 public:
  static Result<Process> start(const Command& command);
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  pid_t pid() const { return pid_; }
  bool running();
  void signal(int number);
  /// Its exit status (128 + signal number if one ended it), or nothing when it still runs after `limit`.
  std::optional<int> wait(Duration limit);
  /// SIGTERM, then SIGKILL when `grace` has passed.
  void stop(Duration grace = std::chrono::seconds(3));
  pid_t release();

 private:
  explicit Process(pid_t pid) : pid_(pid) {}
  pid_t pid_ = -1;
  std::optional<int> status_;
};

/// Runs a program to its end and gives its standard output; "command-failed" carries what it said on standard
/// error. `input` goes to its standard input.
Result<std::string> run(const Command& command, const std::string& input = {});

/// When the process started (clock ticks since boot); 0 if there is none or only its remains.
std::uint64_t process_start_time(pid_t pid);

/// Ends processes that we did not start in this run of the program: SIGTERM, then SIGKILL.
void end_processes(const std::vector<pid_t>& pids, Duration grace);

}  // namespace flowmob::lab
