// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/address.h"
#include "daemon/config/diagnostic.h"

namespace flowmob::daemon::config {

/// Says which prefixes of one kind overlap, and which addresses lie in any of them.
class PrefixCheck {
 public:
  void add(const Ipv6Prefix& prefix, Position at) { placed_.push_back({prefix, at}); }
  /// `what`: "pool", "prefix".
  void check_overlaps(const std::string& what, Diagnostics& diagnostics);
  /// An address of the transport network cannot be a mobile node's too.
  void check_outside(const std::string& what, const Ipv6Address& address, Position at,
                     Diagnostics& diagnostics) const;

 private:
  struct Placed {
    Ipv6Prefix prefix;
    Position at;
  };
  std::vector<Placed> placed_;
};

}  // namespace flowmob::daemon::config
