// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/tunnel_error_port.h"

namespace flowmob::daemon {
namespace {

/// Errors taken in one go: whoever floods us with them leaves time for the rest.
constexpr int kErrorBurst = 32;

}  // namespace

Result<std::unique_ptr<TunnelErrorPort>> TunnelErrorPort::open(platform::EventLoop& loop,
                                                               const std::vector<Ipv6Address>& locals) {
  std::unique_ptr<TunnelErrorPort> port(new TunnelErrorPort(loop));
  for (const auto& local : locals) {
    auto errors = platform::TunnelErrors::open(local);
    if (!errors) return tl::unexpected(errors.error());
    port->errors_.push_back(std::move(*errors));
  }
  return port;
}

Result<void> TunnelErrorPort::listen(OnError on_error) {
  on_error_ = std::move(on_error);
  for (const auto& errors : errors_) {
    for (const int fd : errors.fds()) {
      auto watch = loop_.watch(fd, [this, &errors, fd] { receive(errors, fd); });
      if (!watch) return tl::unexpected(watch.error());
      watches_.push_back(std::move(*watch));
    }
  }
  return {};
}

void TunnelErrorPort::receive(const platform::TunnelErrors& errors, int fd) {
  for (int i = 0; i < kErrorBurst; ++i) {
    const auto error = errors.receive(fd);
    if (!error) return;
    on_error_(*error);
  }
}

}  // namespace flowmob::daemon
