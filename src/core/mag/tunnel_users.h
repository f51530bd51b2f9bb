// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>

#include "base/address.h"
#include "base/strong_id.h"

namespace flowmob::core {

/// Who uses which tunnel: it is made for the first and removed after the last (RFC 5213 section 5.6.1).
class TunnelUsers {
 public:
  /// True for the first user of `remote`.
  bool acquire(const Ipv6Address& remote, SessionId user);
  /// True if this was the last user.
  bool release(const Ipv6Address& remote, SessionId user);
  const std::map<Ipv6Address, std::set<SessionId>>& users() const { return users_; }

 private:
  std::map<Ipv6Address, std::set<SessionId>> users_;
};

}  // namespace flowmob::core
