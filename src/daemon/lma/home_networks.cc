// SPDX-License-Identifier: Apache-2.0
#include "daemon/lma/home_networks.h"

#include "daemon/host/forwarding.h"

namespace flowmob::daemon {
namespace {

Result<void> first_of(Result<void> first, const Result<void>& second) {
  keep_first(first, second);
  return first;
}

}  // namespace

Result<void> HomeNetworks::ensure_forwarding() const {
  return has_ipv4_ ? ensure_ipv4_forwarding() : Result<void>{};
}

Result<void> HomeNetworks::set_pools(const std::vector<Ipv6Prefix>& pools,
                                     const std::vector<Ipv4Interface>& ipv4_pools) {
  has_ipv4_ = !ipv4_pools.empty();
  auto first = ipv6.set_pools(pools);
  first = first_of(std::move(first), ipv4.set_pools(ipv4_pools));
  return first_of(std::move(first), ensure_forwarding());
}

Result<void> HomeNetworks::follow() {
  auto first = ipv6.follow();
  return first_of(std::move(first), ipv4.follow());
}

Result<void> HomeNetworks::restore() {
  auto first = ipv6.restore();
  first = first_of(std::move(first), ipv4.restore());
  return first_of(std::move(first), ensure_forwarding());
}

Result<void> HomeNetworks::sweep(const std::vector<Ipv6Prefix>& space,
                                 const std::vector<Ipv4Interface>& ipv4_space) {
  auto first = ipv6.sweep(space);
  return first_of(std::move(first), ipv4.sweep(ipv4_space));
}

}  // namespace flowmob::daemon
