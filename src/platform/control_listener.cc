// SPDX-License-Identifier: Apache-2.0
#include "platform/control_listener.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <chrono>
#include <cstring>
#include <system_error>
#include <thread>

#include "platform/errno_error.h"

namespace flowmob::platform {
namespace {

Result<::sockaddr_un> to_address(const std::filesystem::path& path) {
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.native().size() >= sizeof address.sun_path) {
    return fail("bad-path", "'" + path.string() + "': a socket's path has 1 to 107 octets");
  }
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  return address;
}

Result<UniqueFd> new_socket() {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("socket-failed", "unix socket");
  return fd;
}

const ::sockaddr* generic(const ::sockaddr_un& address) {
  return reinterpret_cast<const ::sockaddr*>(&address);
}

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// A process that was killed answers at its socket until the kernel has taken it down; its successor may be
/// there before that.
constexpr auto kDyingMayTake = 1s;
/// Before the next look: a live daemon that has no room for us hangs up as well.
constexpr auto kPause = 10ms;

/// Until the other end has gone, or the time is over.
void wait_for_hangup(const UniqueFd& connected, Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  ::pollfd end{connected.get(), POLLRDHUP, 0};
  if (left.count() > 0) (void)::poll(&end, 1, static_cast<int>(left.count()));
}

/// Whether somebody is there, and stays. EAGAIN is a live daemon whose backlog is full.
Result<bool> is_answered(const ::sockaddr_un& address) {
  const auto deadline = Clock::now() + kDyingMayTake;
  do {
    const auto probe = new_socket();
    if (!probe) return tl::unexpected(probe.error());
    if (::connect(probe->get(), generic(address), sizeof address) != 0) {
      if (errno == ECONNREFUSED || errno == ENOENT) return false;
      if (errno != EAGAIN) return fail_errno("control-socket-failed", address.sun_path);
      return true;
    }
    wait_for_hangup(*probe, deadline);
    std::this_thread::sleep_for(kPause);
  } while (Clock::now() < deadline);
  return true;
}

/// Makes way: removes a socket that nobody listens on, refuses whatever else is there.
Result<void> clear_stale(const std::filesystem::path& path, const ::sockaddr_un& address) {
  struct ::stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return fail_errno("control-socket-failed", path.string());
  }
  if (!S_ISSOCK(status.st_mode))
    return fail("not-a-socket", path.string() + " exists and is no socket; left alone");
  const auto answered = is_answered(address);
  if (!answered) return tl::unexpected(answered.error());
  if (*answered) return fail("already-running", "a daemon answers at " + path.string());
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return fail_errno("control-socket-failed", path.string());
  return {};
}

Result<void> create_folder(const std::filesystem::path& path) {
  if (!path.has_parent_path()) return {};
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) return fail("control-socket-failed", path.parent_path().string() + ": " + error.message());
  return {};
}

}  // namespace

Result<ControlListener> ControlListener::bind(const std::filesystem::path& path, ::mode_t mode) {
  const auto address = to_address(path);
  if (!address) return tl::unexpected(address.error());
  if (auto created = create_folder(path); !created) return tl::unexpected(created.error());
  if (auto cleared = clear_stale(path, *address); !cleared) return tl::unexpected(cleared.error());
  auto fd = new_socket();
  if (!fd) return tl::unexpected(fd.error());
  struct ::stat status {};
  // Nobody can connect before listen(), so the mode is right from the first client on.
  if (::bind(fd->get(), generic(*address), sizeof *address) != 0 || ::chmod(path.c_str(), mode) != 0 ||
      ::lstat(path.c_str(), &status) != 0 || ::listen(fd->get(), 64) != 0) {
    return fail_errno("control-socket-failed", path.string());
  }
  return ControlListener(std::move(*fd), path, status.st_ino);
}

ControlListener::~ControlListener() {
  struct ::stat status {};
  if (fd_ && ::lstat(path_.c_str(), &status) == 0 && status.st_ino == inode_) ::unlink(path_.c_str());
}

}  // namespace flowmob::platform
