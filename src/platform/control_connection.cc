// SPDX-License-Identifier: Apache-2.0
#include "platform/control_connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "platform/control_message.h"

namespace flowmob::platform {
namespace {

bool is_admin(int fd) {
  ::ucred peer{};
  ::socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == 0 || peer.uid == ::geteuid();
}

/// Tells a closed peer from one that only has nothing more to ask (echo ... | socat).
bool peer_is_gone(int fd) {
  ::pollfd entry{fd, 0, 0};
  return ::poll(&entry, 1, 0) == 1 && (entry.revents & POLLHUP) != 0;
}

}  // namespace

ControlConnection::ControlConnection(UniqueFd fd, Limits limits, OnLine on_line)
    : fd_(std::move(fd)), limits_(limits), on_line_(std::move(on_line)), admin_(is_admin(fd_.get())) {}

Result<std::shared_ptr<ControlConnection>> ControlConnection::start(EventLoop& loop, UniqueFd fd,
                                                                    Limits limits, OnLine on_line) {
  std::shared_ptr<ControlConnection> self(new ControlConnection(std::move(fd), limits, std::move(on_line)));
  auto watch = loop.watch(self->fd_.get(), [weak = std::weak_ptr(self)] {
    if (const auto alive = weak.lock()) alive->on_readable();
  });
  if (!watch) return tl::unexpected(watch.error());
  self->watch_ = std::move(*watch);
  return self;
}

void ControlConnection::on_readable() {
  if (!receive()) return;
  take_lines();
  if (finished_) tell_end();
}

bool ControlConnection::receive() {
  char chunk[16384];
  const ::ssize_t count = ::recv(fd_.get(), chunk, sizeof chunk, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (count < 0) {
    close();
    return false;
  }
  if (count == 0) {
    if (peer_is_gone(fd_.get())) {
      close();
      return false;
    }
    finished_ = true;
    watch_.set_reading(false);
  }
  input_.append(chunk, static_cast<std::size_t>(count));
  return true;
}

void ControlConnection::take_lines() {
  if (std::exchange(taking_, true)) return;
  const auto self = shared_from_this();
  while (fd_ && !answering_) {
    const auto end = input_.find('\n');
    if ((end == std::string::npos ? input_.size() : end) > limits_.request) {
      refuse_oversized();
      break;
    }
    if (end == std::string::npos) break;
    const std::string line = input_.substr(0, end);
    input_.erase(0, end + 1);
    answering_ = true;
    on_line_(self, line);
  }
  taking_ = false;
  if (!fd_) return;
  if (!finished_) watch_.set_reading(!answering_);
  flush();
}

void ControlConnection::refuse_oversized() {
  input_.clear();
  finished_ = true;
  watch_.set_reading(false);
  send(format_response(
      fail("request-too-large", "a request has at most " + std::to_string(limits_.request) + " octets")));
}

void ControlConnection::answer(const std::string& line) {
  if (!std::exchange(answering_, false)) return;
  send(line);
  take_lines();
}

void ControlConnection::send(const std::string& line) {
  if (!fd_) return;
  // An answer may be as large as it is; only a client with a backlog can be too slow.
  if (backlog() > 0 && backlog() + line.size() > limits_.queue) {
    slow_ = true;
    return close();
  }
  const bool idle = backlog() == 0;
  output_ += line;
  output_ += '\n';
  if (idle) flush();
}

void ControlConnection::flush() {
  while (fd_ && backlog() > 0) {
    const ::ssize_t count = ::send(fd_.get(), output_.data() + sent_, backlog(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) {
      watch_.when_writable([weak = weak_from_this()] {
        if (const auto alive = weak.lock()) alive->flush();
      });
      return;
    }
    if (count < 0) return close();
    sent_ += static_cast<std::size_t>(count);
  }
  output_.clear();
  sent_ = 0;
  if (finished_ && !answering_ && !taking_ && !monitoring_ && !streaming_) close();
}

void ControlConnection::set_streaming(std::function<void()> on_end) {
  streaming_ = true;
  on_end_ = std::move(on_end);
  if (finished_ || !fd_) tell_end();
}

void ControlConnection::tell_end() {
  if (const auto on_end = std::exchange(on_end_, nullptr)) on_end();
}

void ControlConnection::finish() {
  streaming_ = false;
  finished_ = true;
  if (!fd_) return;
  watch_.set_reading(false);
  flush();
}

void ControlConnection::close() {
  watch_.cancel();
  fd_.reset();
  output_.clear();
  sent_ = 0;
  input_.clear();
  tell_end();
}

}  // namespace flowmob::platform
