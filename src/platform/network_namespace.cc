// SPDX-License-Identifier: Apache-2.0
#include "platform/network_namespace.h"

#include <fcntl.h>
#include <sched.h>

#include <string>

#include "platform/errno_error.h"

namespace flowmob::platform {

Result<UniqueFd> NetworkNamespace::open(std::string_view name) {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string_view::npos) {
    return fail("bad-namespace-name", "'" + std::string(name) + "' cannot name a network namespace");
  }
  const std::string path = "/run/netns/" + std::string(name);
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT)
    return fail("no-such-namespace", "no network namespace '" + std::string(name) + "'");
  if (!fd) return fail_errno("namespace-failed", path);
  return fd;
}

Result<UniqueFd> NetworkNamespace::current() {
  UniqueFd fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("namespace-failed", "/proc/thread-self/ns/net");
  return fd;
}

Result<void> NetworkNamespace::enter(std::string_view name) {
  const auto fd = open(name);
  if (!fd) return tl::unexpected(fd.error());
  return enter(fd->get()).map_error([&](Error error) {
    error.message = "network namespace '" + std::string(name) + "': " + error.message;
    return error;
  });
}

Result<void> NetworkNamespace::enter(int namespace_fd) {
  if (::setns(namespace_fd, CLONE_NEWNET) != 0) {
    return fail_errno(errno == EPERM ? "not-permitted" : "namespace-failed", "enter");
  }
  return {};
}

}  // namespace flowmob::platform
