// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <list>
#include <string>
#include <vector>

#include "platform/control_message.h"
#include "platform/unique_fd.h"

namespace flowmob::lab {

/// A small control socket: the daemons' language, one JSON request and response a line, for the wire's own
/// loop.
class ControlPoint {
 public:
  using Handler = std::function<Result<platform::Json>(const platform::ControlRequest&)>;

  static Result<ControlPoint> listen(const std::filesystem::path& path, Handler handler);
  ControlPoint(ControlPoint&&) noexcept = default;
  ControlPoint& operator=(ControlPoint&&) noexcept = default;
  ~ControlPoint();

  std::vector<int> fds() const;
  /// Serves what waits; never blocks.
  void handle_readable();

 private:
  struct Client {
    platform::UniqueFd fd;
    std::string buffer;
  };
  ControlPoint(std::filesystem::path path, platform::UniqueFd listener, Handler handler);
  bool serve(Client& client);
  std::string answer(const std::string& line) const;

  std::filesystem::path path_;
  platform::UniqueFd listener_;
  Handler handler_;
  std::list<Client> clients_;
};

}  // namespace flowmob::lab
