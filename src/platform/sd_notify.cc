// SPDX-License-Identifier: Apache-2.0
#include "platform/sd_notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

namespace flowmob::platform {
namespace {

std::optional<std::int64_t> number_from(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return {};
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text, text + std::strlen(text), value);
  if (error != std::errc() || *end != '\0' || value <= 0) return {};
  return value;
}

UniqueFd connect_to(std::string_view name) {
  ::sockaddr_un address{};
  if (name.size() < 2 || name.size() >= sizeof address.sun_path || (name[0] != '/' && name[0] != '@'))
    return {};
  address.sun_family = AF_UNIX;
  std::copy(name.begin(), name.end(), address.sun_path);
  if (name[0] == '@') address.sun_path[0] = '\0';  // abstract: the length says where it ends
  const auto length = static_cast<::socklen_t>(offsetof(::sockaddr_un, sun_path) + name.size());
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd || ::connect(fd.get(), reinterpret_cast<::sockaddr*>(&address), length) != 0) return {};
  return fd;
}

std::optional<Duration> interval_from_environment() {
  const auto microseconds = number_from("WATCHDOG_USEC");
  const auto process = number_from("WATCHDOG_PID");
  if (!microseconds || (process && *process != ::getpid())) return {};
  return Duration(std::chrono::microseconds(*microseconds)) / 2;
}

}  // namespace

SdNotify SdNotify::from_environment() {
  SdNotify notify;
  if (const char* name = std::getenv("NOTIFY_SOCKET"); name != nullptr) notify.fd_ = connect_to(name);
  if (notify.active()) notify.watchdog_interval_ = interval_from_environment();
  return notify;
}

void SdNotify::ready() { send("READY=1"); }

void SdNotify::reloading(TimePoint now) {
  // Type=notify-reload wants to know which reload this answers.
  const auto microseconds =
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

void SdNotify::stopping() { send("STOPPING=1"); }

void SdNotify::status(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  send("STATUS=" + line);
}

void SdNotify::watchdog() { send("WATCHDOG=1"); }

void SdNotify::send(std::string_view state) {
  if (!fd_) return;
  // A supervisor that does not read is its own problem: never wait for it.
  [[maybe_unused]] const auto sent =
      ::send(fd_.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace flowmob::platform
