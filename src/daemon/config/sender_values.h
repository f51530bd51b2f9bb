// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/mn/sender.h"
#include "daemon/config/value.h"

/// How it is written whose sockets' packets a rule is for.
namespace flowmob::daemon::config {

/// The one above is no user's: it stands for "none" in system calls.
constexpr std::uint32_t kLastUid = 0xfffffffe;

/// A name, which is found later, or numbers.
template <>
struct ValueType<core::Sender::Users> {
  static std::string name() { return "user"; }
  static std::string expected() {
    return "a user's name, a uid from 0 to 4294967294, or a range of uids such as \"1000-1999\"";
  }
  static std::optional<core::Sender::Users> convert(const Node& node);
  static std::string print(const core::Sender::Users& users) { return fmt::format("\"{}\"", users.name); }
};

/// Below the root of the hierarchy.
struct CgroupPath {
  std::string path;
};
template <>
struct ValueType<CgroupPath> {
  static std::string name() { return "cgroup"; }
  static std::string expected() {
    return "a cgroup's path below the root of the hierarchy such as \"/system.slice/backup.service\", "
           "without '.', '..' and a '/' at its end";
  }
  static std::optional<CgroupPath> convert(const Node& node);
  static std::string print(const CgroupPath& cgroup) { return fmt::format("\"{}\"", cgroup.path); }
};

}  // namespace flowmob::daemon::config
