// SPDX-License-Identifier: Apache-2.0
#include "daemon/mn/former_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <system_error>

#include "platform/errno_error.h"
#include "platform/unique_fd.h"

namespace flowmob::daemon {
namespace {

using platform::fail_errno;
using platform::UniqueFd;

/// Eight members with some dozens of addresses have a tenth of it.
constexpr ::off_t kLargestRecord = 1 << 20;

FormerWorld this_world() {
  FormerWorld world;
  std::ifstream boot("/proc/sys/kernel/random/boot_id");
  std::getline(boot, world.boot);
  struct ::stat status {};
  if (::stat("/proc/thread-self/ns/net", &status) == 0) world.network_namespace = status.st_ino;
  return world;
}

Result<void> is_ours(const struct ::stat& status) {
  if (!S_ISREG(status.st_mode)) return fail("bad-record", "no file");
  if (status.st_uid != ::geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return fail("bad-record", "somebody else may write it, too");
  if (status.st_size > kLargestRecord) return fail("bad-record", "too large");
  return {};
}

Result<std::string> read_all(int fd) {
  std::string text;
  std::array<char, 4096> chunk{};
  ::ssize_t count = 0;
  while ((count = ::read(fd, chunk.data(), chunk.size())) > 0 && text.size() <= kLargestRecord)
    text.append(chunk.data(), static_cast<std::size_t>(count));
  if (count < 0) return fail_errno("bad-record", "cannot be read");
  return text;
}

/// What an earlier run left half written makes way.
Result<void> write_new(const std::string& file, const std::string& text) {
  ::unlink(file.c_str());
  const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return fail_errno("record-failed", file);
  const auto written = ::write(fd.get(), text.data(), text.size());
  if (written == static_cast<::ssize_t>(text.size())) return {};
  return fail_errno("record-failed", file, written < 0 ? errno : ENOSPC);
}

}  // namespace

FormerFile::FormerFile(std::filesystem::path path) : path_(std::move(path)), world_(this_world()) {}

Result<std::vector<FormerSettings>> FormerFile::load() const {
  const UniqueFd fd(::open(path_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd && errno == ENOENT) return std::vector<FormerSettings>{};
  struct ::stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) return fail_errno("bad-record", path_.string());
  return is_ours(status)
      .and_then([&] { return read_all(fd.get()); })
      .and_then([&](const std::string& text) { return read_former_settings(text, world_); })
      .map_error([&](Error error) {
        error.message = path_.string() + ": " + error.message;
        return error;
      });
}

Result<void> FormerFile::save(const std::vector<FormerSettings>& all) const {
  if (all.empty()) {
    if (::unlink(path_.c_str()) != 0 && errno != ENOENT) return fail_errno("record-failed", path_.string());
    return {};
  }
  const std::string fresh = path_.string() + ".new";
  return write_new(fresh, write_former_settings(world_, all)).and_then([&]() -> Result<void> {
    if (::rename(fresh.c_str(), path_.c_str()) != 0) return fail_errno("record-failed", path_.string());
    return {};
  });
}

}  // namespace flowmob::daemon
