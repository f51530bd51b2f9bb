// SPDX-License-Identifier: Apache-2.0
#include "core/binding/ipv4_allocator.h"

#include <algorithm>

namespace flowmob::core {
namespace {

bool is_host(const Ipv4Interface& router, const Ipv4Address& address) {
  return router.contains(address) && address != router.address && address != router.first() &&
         address != router.last();
}

}  // namespace

void Ipv4Allocator::configure(const std::vector<Ipv4Interface>& pools,
                              const std::vector<Ipv4Address>& reserved) {
  const std::vector<Pool> old = std::move(pools_);
  pools_.clear();
  for (const auto& router : pools) {
    const auto known = std::ranges::find(old, router, &Pool::router);
    pools_.push_back(known == old.end() ? Pool{router, to_number(router.first())} : *known);
  }
  reserved_.clear();
  for (const auto& address : reserved) reserved_.insert(to_number(address));
}

std::optional<Ipv4Home> Ipv4Allocator::allocate() {
  for (auto& pool : pools_)
    if (auto home = allocate_from(pool)) return home;
  return std::nullopt;
}

/// Router, subnet and broadcast are three that are never free; with one attempt more than there are taken
/// ones a free one is found, if there is one.
std::optional<Ipv4Home> Ipv4Allocator::allocate_from(Pool& pool) {
  const std::uint64_t first = to_number(pool.router.first()), last = to_number(pool.router.last());
  const std::uint64_t attempts =
      std::min<std::uint64_t>(used_.size() + reserved_.size() + 4, last - first + 1);
  for (std::uint64_t tried = 0; tried < attempts; ++tried) {
    const std::uint32_t number = pool.next;
    pool.next = static_cast<std::uint32_t>(number == last ? first : number + 1ULL);
    const Ipv4Address address = to_ipv4(number);
    if (!is_host(pool.router, address) || reserved_.contains(number)) continue;
    if (claim(address)) return Ipv4Home{{address, pool.router.length}, pool.router.address};
  }
  return std::nullopt;
}

std::optional<Ipv4Home> Ipv4Allocator::home_of(const Ipv4Address& address) const {
  for (const auto& pool : pools_)
    if (is_host(pool.router, address)) return Ipv4Home{{address, pool.router.length}, pool.router.address};
  return std::nullopt;
}

bool Ipv4Allocator::is_offered(const Ipv4Address& address) const {
  return !reserved_.contains(to_number(address)) && home_of(address);
}

}  // namespace flowmob::core
