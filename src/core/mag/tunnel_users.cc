// SPDX-License-Identifier: Apache-2.0
#include "core/mag/tunnel_users.h"

namespace flowmob::core {

bool TunnelUsers::acquire(const Ipv6Address& remote, SessionId user) {
  auto& users = users_[remote];
  return users.insert(user).second && users.size() == 1;
}

bool TunnelUsers::release(const Ipv6Address& remote, SessionId user) {
  const auto tunnel = users_.find(remote);
  if (tunnel == users_.end() || tunnel->second.erase(user) == 0 || !tunnel->second.empty()) return false;
  users_.erase(tunnel);
  return true;
}

}  // namespace flowmob::core
