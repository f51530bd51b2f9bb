// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "platform/event_loop.h"
#include "platform/unique_fd.h"

namespace flowmob::platform {

/// Where the hierarchy of version 2 is mounted; on hybrid machines beside those of version 1.
std::optional<std::filesystem::path> cgroup_mount();

/// Cgroups as they come and go, by their paths below a root. The kernel tells, and because it may not (the
/// root is mounted later, there are too many watches), somebody looks every few seconds, too.
class CgroupWatch {
 public:
  /// Those that there are. One that goes and is made anew has another number.
  using Ids = std::map<std::string, std::uint64_t>;
  using OnChange = std::function<void(const Ids& before, const Ids& now)>;
  using FindRoot = std::function<std::optional<std::filesystem::path>()>;

  CgroupWatch(EventLoop& loop, OnChange on_change, FindRoot find_root = cgroup_mount);

  /// These from now on, and no others. What is known at once is no change.
  void watch(std::set<std::string> paths);
  const Ids& ids() const { return ids_; }
  /// The directory of one; nothing while there is no root.
  std::filesystem::path directory(const std::string& path) const;

 private:
  Ids look();
  std::optional<std::uint64_t> look_at(const std::string& path);
  void look_again();
  void drain();

  EventLoop& loop_;
  OnChange on_change_;
  FindRoot find_root_;
  std::optional<std::filesystem::path> root_;
  std::set<std::string> paths_;
  Ids ids_;
  UniqueFd inotify_;
  FdWatch reading_;
  DeadlineTimer timer_;
};

}  // namespace flowmob::platform
