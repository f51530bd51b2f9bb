// SPDX-License-Identifier: Apache-2.0
#include "lab/host/programs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

namespace flowmob::lab {
namespace {

struct Package {
  std::string_view program, name;
};
constexpr Package kPackages[] = {{"ip", "iproute2"},     {"ss", "iproute2"}, {"sysctl", "procps"},
                                 {"ethtool", "ethtool"}, {"curl", "curl"},   {"python3", "python3"},
                                 {"tcpdump", "tcpdump"}};

bool in_path(std::string_view name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "/usr/bin:/bin" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (::access((std::filesystem::path(folder) / name).c_str(), X_OK) == 0) return true;
  }
  return false;
}

std::string way_to_get(std::string_view name) {
  const auto* package = std::ranges::find(kPackages, name, &Package::program);
  return package == std::end(kPackages) ? "belongs to flowmob" : fmt::format("apt install {}", package->name);
}

}  // namespace

std::filesystem::path program_path(const std::string& name) {
  std::error_code error;
  const auto beside = std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / name;
  return !error && std::filesystem::exists(beside, error) ? beside : std::filesystem::path(name);
}

Result<void> need_programs(const std::vector<std::string_view>& names) {
  std::string missing;
  for (const std::string_view name : names) {
    if (program_path(std::string(name)).has_parent_path() || in_path(name)) continue;
    missing += fmt::format("{}{} ({})", missing.empty() ? "" : ", ", name, way_to_get(name));
  }
  if (!missing.empty()) return fail("missing-program", "not found: " + missing);
  return {};
}

Result<void> need_root() {
  if (::geteuid() != 0) return fail("not-permitted", "network namespaces need root: run this with sudo");
  return {};
}

}  // namespace flowmob::lab
