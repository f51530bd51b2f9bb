// SPDX-License-Identifier: Apache-2.0
#include "platform/user.h"

#include <pwd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "platform/errno_error.h"

namespace flowmob::platform {
namespace {

/// Ways to say that nobody has that name (getpwnam(3), ERRORS): POSIX has the first only.
bool says_nobody(int number) {
  return number == 0 || number == ENOENT || number == ESRCH || number == EBADF || number == EPERM;
}

}  // namespace

Result<std::optional<std::uint32_t>> find_user(std::string_view name) {
  return find_user(name, ::getpwnam_r);
}

Result<std::optional<std::uint32_t>> find_user(std::string_view name, UserLookUp look_up) {
  constexpr std::size_t kEnough = 1U << 20U;
  const std::string terminated(name);
  std::vector<char> room(1U << 12U);
  passwd entry{};
  passwd* found = nullptr;
  int number = 0;
  while ((number = look_up(terminated.c_str(), &entry, room.data(), room.size(), &found)) == ERANGE &&
         room.size() < kEnough)
    room.resize(2 * room.size());
  if (found != nullptr) return found->pw_uid;
  if (!says_nobody(number)) return fail_errno("user-lookup-failed", "user '" + terminated + "'", number);
  return std::nullopt;
}

}  // namespace flowmob::platform
