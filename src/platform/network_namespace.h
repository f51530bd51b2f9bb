// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/error.h"
#include "platform/unique_fd.h"

namespace flowmob::platform {

struct NetworkNamespace {
  /// The namespace that `ip netns add NAME` left at /run/netns/NAME. "no-such-namespace".
  static Result<UniqueFd> open(std::string_view name);
  /// The calling thread's own.
  static Result<UniqueFd> current();
  /// Moves the calling thread, and the threads it starts later. Mounts stay: /sys/fs/bpf remains visible.
  static Result<void> enter(std::string_view name);
  static Result<void> enter(int namespace_fd);
};

}  // namespace flowmob::platform
