// SPDX-License-Identifier: Apache-2.0
#include "lab/wire/control.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>

#include "platform/errno_error.h"

namespace flowmob::lab {
namespace {

using platform::fail_errno;
using platform::UniqueFd;
constexpr std::size_t kLongestRequest = 65536;

}  // namespace

ControlPoint::ControlPoint(std::filesystem::path path, UniqueFd listener, Handler handler)
    : path_(std::move(path)), listener_(std::move(listener)), handler_(std::move(handler)) {}

ControlPoint::~ControlPoint() {
  std::error_code error;
  if (listener_) std::filesystem::remove(path_, error);
}

Result<ControlPoint> ControlPoint::listen(const std::filesystem::path& path, Handler handler) {
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = path.string();
  if (name.size() >= sizeof address.sun_path) return fail("bad-path", name + ": too long for a socket");
  name.copy(address.sun_path, sizeof address.sun_path - 1);
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("socket-failed", "unix socket");
  std::error_code error;
  std::filesystem::remove(path, error);
  if (::bind(fd.get(), reinterpret_cast<const ::sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd.get(), 8) != 0) {
    return fail_errno("bind-failed", name);
  }
  return ControlPoint(path, std::move(fd), std::move(handler));
}

std::vector<int> ControlPoint::fds() const {
  std::vector<int> fds{listener_.get()};
  for (const Client& client : clients_) fds.push_back(client.fd.get());
  return fds;
}

void ControlPoint::handle_readable() {
  while (true) {
    UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) break;
    clients_.push_back({std::move(fd), {}});
  }
  clients_.remove_if([this](Client& client) { return !serve(client); });
}

bool ControlPoint::serve(Client& client) {
  char chunk[4096];
  const ssize_t count = ::recv(client.fd.get(), chunk, sizeof chunk, 0);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  if (count == 0) return false;
  client.buffer.append(chunk, static_cast<std::size_t>(count));
  for (auto end = client.buffer.find('\n'); end != std::string::npos; end = client.buffer.find('\n')) {
    const std::string reply = answer(client.buffer.substr(0, end)) + '\n';
    client.buffer.erase(0, end + 1);
    if (::send(client.fd.get(), reply.data(), reply.size(), MSG_NOSIGNAL) < 0) return false;
  }
  return client.buffer.size() < kLongestRequest;
}

std::string ControlPoint::answer(const std::string& line) const {
  const auto request = platform::parse_request(line);
  return platform::format_response(request ? handler_(*request) : tl::unexpected(request.error()));
}

}  // namespace flowmob::lab
