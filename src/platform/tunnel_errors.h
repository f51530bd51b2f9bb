// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "base/address.h"
#include "base/error.h"
#include "core/tunnel/tunnel_error.h"
#include "platform/unique_fd.h"

namespace flowmob::platform {

/// Hears the ICMP errors about tunnel packets from one of our addresses, to whatever peer, and makes the
/// kernel learn path MTUs from those that say one (RFC 8201, RFC 1191). The data plane sends such packets
/// past the stack, which heeds an error only if a socket of that protocol is open: one for each way to carry
/// a packet. They receive no packet ever.
class TunnelErrors {
 public:
  /// `local`: IPv4-mapped where tunnels are of IPv4; then also those in UDP (RFC 5844 section 4.1.4).
  /// "not-permitted", "address-unavailable", "tunnel-socket-failed".
  static Result<TunnelErrors> open(const Ipv6Address& local);

  /// To be watched; an error that waits makes its descriptor readable.
  std::vector<int> fds() const;
  /// The next error at `fd`, nothing when none waits. Errors of other kinds are passed over.
  std::optional<core::TunnelError> receive(int fd) const;

 private:
  struct Socket {
    UniqueFd fd;
    int protocol;
  };
  explicit TunnelErrors(const Ipv6Address& local) : local_(local) {}
  Result<void> add(int protocol);

  Ipv6Address local_;
  std::vector<Socket> sockets_;
};

}  // namespace flowmob::platform
