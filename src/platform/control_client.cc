// SPDX-License-Identifier: Apache-2.0
#include "platform/control_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "platform/errno_error.h"

namespace flowmob::platform {
namespace {

using Clock = std::chrono::steady_clock;
/// An answer longer than this is no answer.
constexpr std::size_t kMaxLine = std::size_t{256} << 20;

tl::unexpected<Error> fail_connect(const std::filesystem::path& path, int number) {
  switch (number) {
    case ENOENT:
    case ECONNREFUSED:
      return fail("not-running", "no daemon listens at " + path.string());
    case EACCES:
    case EPERM:
      return fail("not-permitted", "may not open " + path.string() + ": not in the socket's group?");
    default:
      return fail_errno("connect-failed", path.string(), number);
  }
}

Result<UniqueFd> connect_to(const std::filesystem::path& path) {
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path)
    return fail("bad-path", path.string() + ": too long for a socket");
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno("socket-failed", "unix socket");
  if (::connect(fd.get(), reinterpret_cast<const ::sockaddr*>(&address), sizeof address) != 0) {
    return fail_connect(path, errno);
  }
  return fd;
}

void set_send_timeout(int fd, Duration timeout) {
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(timeout).count();
  const ::timeval value{microseconds / 1000000, microseconds % 1000000};
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &value, sizeof value);
}

/// Waits for input: true, or false when the limit passed.
Result<bool> wait_readable(int fd, std::optional<Clock::time_point> deadline) {
  while (true) {
    int milliseconds = -1;
    if (deadline) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now());
      milliseconds = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
    }
    ::pollfd entry{fd, POLLIN, 0};
    const int ready = ::poll(&entry, 1, milliseconds);
    if (ready > 0) return true;
    if (ready == 0 && deadline && Clock::now() >= *deadline) return false;
    if (ready < 0 && errno != EINTR) return fail_errno("connection-lost", "poll");
  }
}

}  // namespace

Result<ControlClient> ControlClient::connect(const std::filesystem::path& socket, Duration timeout) {
  auto fd = connect_to(socket);
  if (!fd) return tl::unexpected(fd.error());
  set_send_timeout(fd->get(), timeout);
  return ControlClient(std::move(*fd), timeout);
}

Result<Json> ControlClient::call(std::string_view command, const Json& arguments) {
  if (auto sent = send_line(format_request({std::string(command), arguments})); !sent) {
    return tl::unexpected(sent.error());
  }
  auto line = read_line(timeout_);
  if (!line) return tl::unexpected(line.error());
  if (!*line) return fail("timeout", "the daemon did not answer '" + std::string(command) + "' in time");
  return parse_response(**line);
}

Result<void> ControlClient::monitor() {
  return call("monitor").map([](const Json&) {});
}

void ControlClient::finish() { ::shutdown(fd_.get(), SHUT_WR); }

Result<std::optional<Json>> ControlClient::next_event(std::optional<Duration> limit) {
  auto line = read_line(limit);
  if (!line) return tl::unexpected(line.error());
  if (!*line) return std::optional<Json>();
  return parse_event(**line).map([](Json event) { return std::optional<Json>(std::move(event)); });
}

Result<void> ControlClient::send_line(const std::string& line) {
  const std::string text = line + '\n';
  for (std::size_t sent = 0; sent < text.size();) {
    const ::ssize_t count = ::send(fd_.get(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return fail("timeout", "the daemon does not read its socket");
    // The daemon may have refused us and closed: its reason still waits to be read.
    if (count < 0 && (errno == EPIPE || errno == ECONNRESET)) return {};
    if (count < 0) return fail_errno("connection-lost", "send");
    sent += static_cast<std::size_t>(count);
  }
  return {};
}

Result<std::optional<std::string>> ControlClient::read_line(std::optional<Duration> limit) {
  std::optional<Clock::time_point> deadline;
  if (limit) deadline = Clock::now() + *limit;
  std::size_t searched = 0;
  while (true) {
    if (const auto end = buffer_.find('\n', searched); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return std::optional<std::string>(std::move(line));
    }
    searched = buffer_.size();
    if (searched > kMaxLine) return fail("bad-response", "an endless line");
    const auto ready = wait_readable(fd_.get(), deadline);
    if (!ready) return tl::unexpected(ready.error());
    if (!*ready) return std::optional<std::string>();
    char chunk[65536];
    const ::ssize_t count = ::recv(fd_.get(), chunk, sizeof chunk, 0);
    if (count == 0) return fail("connection-lost", "the daemon closed the connection");
    if (count < 0 && errno != EINTR) return fail_errno("connection-lost", "receive");
    if (count > 0) buffer_.append(chunk, static_cast<std::size_t>(count));
  }
}

}  // namespace flowmob::platform
