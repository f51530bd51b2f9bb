// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_set>
#include <vector>

#include "base/address.h"

namespace flowmob::core {

/// Home network prefixes (/64, docs/adr/0002) from pools. A prefix that was given back is not the next to be
/// given out: a correspondent's late packets should not reach somebody else.
class PrefixAllocator {
 public:
  /// Anew, also while prefixes are in use: those stay so. `reserved` belong to somebody by configuration.
  void configure(const std::vector<Ipv6Prefix>& pools, const std::vector<Ipv6Prefix>& reserved);

  /// A free prefix, taken; none when all are in use.
  std::optional<Ipv6Prefix> allocate();
  /// Whether a node without prefixes of its own may ask for this one.
  bool is_offered(const Ipv6Prefix& prefix) const;
  /// Takes all of them or, when one is in use, none.
  bool claim(const std::vector<Ipv6Prefix>& prefixes);
  void release(const std::vector<Ipv6Prefix>& prefixes);

 private:
  struct Pool {
    Ipv6Prefix prefix;
    std::uint64_t next = 0;  ///< where to look first
  };
  std::optional<Ipv6Prefix> allocate_from(Pool& pool);
  bool is_free(const Ipv6Prefix& prefix) const {
    return !used_.contains(prefix) && !reserved_.contains(prefix);
  }

  std::vector<Pool> pools_;
  std::unordered_set<Ipv6Prefix> reserved_;
  std::unordered_set<Ipv6Prefix> used_;
};

}  // namespace flowmob::core
