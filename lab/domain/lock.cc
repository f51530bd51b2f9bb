// SPDX-License-Identifier: Apache-2.0
#include "lab/domain/lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "platform/errno_error.h"

namespace flowmob::lab {
namespace {

/// The one before us may have removed the file that we opened.
bool still_there(int fd, const std::filesystem::path& file) {
  struct ::stat opened {
  }, named{};
  return ::fstat(fd, &opened) == 0 && ::stat(file.c_str(), &named) == 0 && opened.st_ino == named.st_ino;
}

}  // namespace

Result<LabLock> LabLock::take(const Plan& plan) {
  // No lab's name begins with a dot.
  const auto file = plan.directory().parent_path() / ("." + plan.name() + ".lock");
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  auto lock = take(file);
  if (!lock && lock.error().code == "busy")
    return fail("busy", fmt::format("lab '{}' is being built or plays the demo: wait, or choose another "
                                    "--name",
                                    plan.name()));
  return lock;
}

Result<LabLock> LabLock::take(const std::filesystem::path& file) {
  for (;;) {
    platform::UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd) return platform::fail_errno("open-failed", file.string());
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return fail("busy", file.string());
    if (still_there(fd.get(), file)) return LabLock(file, std::move(fd));
  }
}

LabLock::~LabLock() {
  std::error_code error;
  if (fd_) std::filesystem::remove(file_, error);
}

}  // namespace flowmob::lab
