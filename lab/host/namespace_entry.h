// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <sched.h>

#include <string>

#include "platform/errno_error.h"
#include "platform/unique_fd.h"

namespace flowmob::lab {

/// Moves the calling thread into a namespace of `ip netns`.
inline Result<void> enter_namespace(const std::string& name) {
  const std::string path = "/run/netns/" + name;
  const platform::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd || ::setns(fd.get(), CLONE_NEWNET) != 0) return platform::fail_errno("no-such-namespace", path);
  return {};
}

}  // namespace flowmob::lab
