// SPDX-License-Identifier: Apache-2.0
#include "platform/user.h"

#include <pwd.h>

#include <cerrno>
#include <string>
#include <vector>

namespace flowmob::platform {

std::optional<std::uint32_t> find_user(std::string_view name) {
  constexpr std::size_t kEnough = 1U << 20U;
  const std::string terminated(name);
  std::vector<char> room(1U << 12U);
  passwd entry{};
  passwd* found = nullptr;
  while (::getpwnam_r(terminated.c_str(), &entry, room.data(), room.size(), &found) == ERANGE &&
         room.size() < kEnough)
    room.resize(2 * room.size());
  return found == nullptr ? std::nullopt : std::optional<std::uint32_t>(found->pw_uid);
}

}  // namespace flowmob::platform
