// SPDX-License-Identifier: Apache-2.0
#include "lab/host/signals.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>

#include <algorithm>

#include "lab/host/clock.h"

namespace flowmob::lab {

platform::UniqueFd end_signals() {
  ::sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::sigaddset(&set, SIGINT);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  return platform::UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

void be_punctual() {
  ::prctl(PR_SET_TIMERSLACK, 1);
  const ::sched_param priority{10};
  ::sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &priority);
}

void poll_until(std::vector<::pollfd>& fds, std::optional<TimePoint> deadline) {
  ::timespec left{};
  if (deadline) {
    const Duration d = std::max(Duration{}, *deadline - monotonic_now());
    left = {d.count() / 1'000'000'000, d.count() % 1'000'000'000};
  }
  ::ppoll(fds.data(), fds.size(), deadline ? &left : nullptr, nullptr);
}

}  // namespace flowmob::lab
