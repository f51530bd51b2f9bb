// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/protection.h"

#include <fmt/format.h>

#include "platform/ipsec_policy.h"

namespace flowmob::daemon {
namespace {

using platform::PolicyDirection;

Result<void> check_way(const std::string& peer, const Ipv6Address& from, const Ipv6Address& to,
                       PolicyDirection direction) {
  const auto needed = platform::mobility_headers_need_esp(from, to, direction);
  if (!needed) return tl::unexpected(needed.error());
  if (*needed) return {};
  return fail(
      "not-protected",
      fmt::format("{} has security \"ipsec\", but no policy of the kernel wants Mobility Headers from {} "
                  "to {} in ESP: see ip xfrm policy",
                  peer, from.to_string(), to.to_string()));
}

}  // namespace

Result<void> check_protection(const std::vector<Ipv6Address>& locals,
                              const std::vector<ProtectedPeer>& peers) {
  for (const auto& peer : peers)
    for (const auto& local : locals) {
      auto done = check_way(peer.name, peer.address, local, PolicyDirection::In).and_then([&] {
        return check_way(peer.name, local, peer.address, PolicyDirection::Out);
      });
      if (!done) return done;
    }
  return {};
}

}  // namespace flowmob::daemon
