// SPDX-License-Identifier: Apache-2.0
#include "platform/cgroup_watch.h"

#include <mntent.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <array>
#include <string_view>

#include "platform/clock.h"

namespace flowmob::platform {
namespace {

constexpr Duration kLook = std::chrono::seconds(5);

}  // namespace

std::optional<std::filesystem::path> cgroup_mount() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> mounts(::setmntent("/proc/self/mounts", "re"),
                                                               ::endmntent);
  if (!mounts) return std::nullopt;
  mntent entry{};
  std::array<char, 1U << 13U> room{};
  while (::getmntent_r(mounts.get(), &entry, room.data(), room.size()) != nullptr)
    if (std::string_view(entry.mnt_type) == "cgroup2") return entry.mnt_dir;
  return std::nullopt;
}

CgroupWatch::CgroupWatch(EventLoop& loop, OnChange on_change, FindRoot find_root)
    : loop_(loop),
      on_change_(std::move(on_change)),
      find_root_(std::move(find_root)),
      inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
      timer_(loop.make_timer([this] { look_again(); })) {
  if (!inotify_) return;
  auto reading = loop_.watch(inotify_.get(), [this] {
    drain();
    look_again();
  });
  if (reading) reading_ = std::move(*reading);
}

void CgroupWatch::watch(std::set<std::string> paths) {
  paths_ = std::move(paths);
  ids_ = look();
  if (paths_.empty())
    timer_.cancel();
  else
    timer_.arm(SystemClock::now().monotonic + kLook);
}

std::filesystem::path CgroupWatch::directory(const std::string& path) const {
  return root_ ? std::filesystem::path(root_->string() + path) : std::filesystem::path();
}

CgroupWatch::Ids CgroupWatch::look() {
  Ids found;
  if (paths_.empty()) return found;
  root_ = find_root_();
  for (const auto& path : paths_)
    if (const auto id = look_at(path)) found.emplace(path, *id);
  return found;
}

/// Each folder on the way is watched before one looks for what is in it. Where one is watched already nothing
/// changes.
std::optional<std::uint64_t> CgroupWatch::look_at(const std::string& path) {
  if (!root_) return std::nullopt;
  for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
    ::inotify_add_watch(inotify_.get(), directory(path.substr(0, slash)).c_str(),
                        IN_CREATE | IN_DELETE | IN_ONLYDIR);
  struct stat status {};
  if (::stat(directory(path).c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return std::nullopt;
  return status.st_ino;
}

void CgroupWatch::look_again() {
  if (paths_.empty()) return;
  timer_.arm(SystemClock::now().monotonic + kLook);
  auto now = look();
  if (now == ids_) return;
  const auto before = std::exchange(ids_, std::move(now));
  on_change_(before, ids_);
}

/// What has changed is looked at, whatever the kernel says of it.
void CgroupWatch::drain() {
  alignas(inotify_event) std::array<char, 1U << 12U> room;
  while (::read(inotify_.get(), room.data(), room.size()) > 0) {
  }
}

}  // namespace flowmob::platform
