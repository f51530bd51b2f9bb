// SPDX-License-Identifier: Apache-2.0
#include "lab/host/netns.h"

#include <filesystem>
#include <sstream>

#include "lab/host/process.h"

namespace flowmob::lab {
namespace {

const std::filesystem::path kDirectory = "/run/netns";

}  // namespace

Result<void> add_namespace(const std::string& name) {
  return run({.argv = {"ip", "netns", "add", name}}).map([](const std::string&) {});
}

void remove_namespace(const std::string& name) {
  end_processes(processes_in(name), std::chrono::seconds(2));
  static_cast<void>(run({.argv = {"ip", "netns", "delete", name}}));
}

bool namespace_exists(const std::string& name) {
  std::error_code error;
  return std::filesystem::exists(kDirectory / name, error);
}

std::vector<pid_t> processes_in(const std::string& name) {
  std::vector<pid_t> pids;
  std::istringstream lines(run({.argv = {"ip", "netns", "pids", name}}).value_or(""));
  for (pid_t pid = 0; lines >> pid;) pids.push_back(pid);
  return pids;
}

Result<void> ip(const std::string& netns, const std::string& lines) {
  return run({.argv = {"ip", "-netns", netns, "-batch", "-"}}, lines).map([](const std::string&) {});
}

}  // namespace flowmob::lab
