// SPDX-License-Identifier: Apache-2.0
#include "core/binding/prefix_allocator.h"

#include <algorithm>
#include <limits>

namespace flowmob::core {
namespace {

constexpr std::uint8_t kLength = 64;

/// The highest number a /64 of this pool can have.
std::uint64_t last_number(const Ipv6Prefix& pool) {
  if (pool.length == 0) return std::numeric_limits<std::uint64_t>::max();
  return (std::uint64_t{1} << (kLength - pool.length)) - 1;
}

Ipv6Prefix nth(const Ipv6Prefix& pool, std::uint64_t number) {
  Ipv6Address address = pool.address;
  for (std::size_t i = 0; i < 8; ++i)
    address.octets[7 - i] = static_cast<std::uint8_t>(address.octets[7 - i] | number >> (8 * i));
  return {address, kLength};
}

}  // namespace

void PrefixAllocator::configure(const std::vector<Ipv6Prefix>& pools,
                                const std::vector<Ipv6Prefix>& reserved) {
  std::vector<Pool> old = std::move(pools_);
  pools_.clear();
  for (const auto& prefix : pools) {
    if (prefix.length > kLength) continue;
    const auto known = std::ranges::find(old, prefix, &Pool::prefix);
    pools_.push_back(known == old.end() ? Pool{prefix} : *known);
  }
  reserved_ = {reserved.begin(), reserved.end()};
}

std::optional<Ipv6Prefix> PrefixAllocator::allocate() {
  for (auto& pool : pools_)
    if (auto prefix = allocate_from(pool)) return prefix;
  return std::nullopt;
}

/// One more attempt than there are prefixes that may be taken finds a free one, if there is one.
std::optional<Ipv6Prefix> PrefixAllocator::allocate_from(Pool& pool) {
  const std::uint64_t last = last_number(pool.prefix);
  const std::uint64_t taken = used_.size() + reserved_.size();
  for (std::uint64_t tried = 0; tried <= std::min(taken, last); ++tried) {
    const Ipv6Prefix prefix = nth(pool.prefix, pool.next);
    pool.next = pool.next == last ? 0 : pool.next + 1;
    if (!is_free(prefix)) continue;
    used_.insert(prefix);
    return prefix;
  }
  return std::nullopt;
}

bool PrefixAllocator::is_offered(const Ipv6Prefix& prefix) const {
  const auto holds = [&](const Pool& pool) { return pool.prefix.contains(prefix); };
  return prefix.length == kLength && !reserved_.contains(prefix) && std::ranges::any_of(pools_, holds);
}

bool PrefixAllocator::claim(const std::vector<Ipv6Prefix>& prefixes) {
  if (std::ranges::any_of(prefixes, [&](const auto& p) { return used_.contains(p); })) return false;
  used_.insert(prefixes.begin(), prefixes.end());
  return true;
}

void PrefixAllocator::release(const std::vector<Ipv6Prefix>& prefixes) {
  for (const auto& prefix : prefixes) used_.erase(prefix);
}

}  // namespace flowmob::core
