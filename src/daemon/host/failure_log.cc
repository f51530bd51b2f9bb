// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/failure_log.h"

namespace flowmob::daemon {

void FailureLog::note(const std::string& what, const Result<void>& outcome) {
  const auto before = failing_.find(what);
  if (outcome) {
    if (before == failing_.end()) return;
    failing_.erase(before);
    return write_(what + ": works again");
  }
  if (before != failing_.end() && before->second == outcome.error()) return;
  if (failing_.size() >= kMost) failing_.clear();
  failing_.insert_or_assign(what, outcome.error());
  write_(what + ": " + outcome.error().message + " [" + outcome.error().code + "]");
}

}  // namespace flowmob::daemon
