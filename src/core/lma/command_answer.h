// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.h"
#include "core/effect.h"

namespace flowmob::core {

/// Whoever asks chooses it. Zero: nobody waits for the answer.
using CommandId = StrongId<struct CommandTag, std::uint64_t>;

/// How a command ended that had to wait for effects.
struct CommandAnswer {
  CommandId id;
  Result<Json> answer;
};

}  // namespace flowmob::core
