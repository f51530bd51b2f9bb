// SPDX-License-Identifier: Apache-2.0
#include "core/mn/address_table.h"

#include <algorithm>

#include "core/mn/lifetime.h"

namespace flowmob::core {
namespace {

constexpr Duration kTwoHours = std::chrono::hours(2);
/// Twice the longest interval between advertisements (MaxRtrAdvInterval, RFC 4861 section 6.2.1).
constexpr Duration kRepeated = std::chrono::hours(1);

/// RFC 4862 section 5.5.3, a to d: what cannot become an address.
std::optional<std::string_view> unusable(const wire::PrefixInformation& prefix) {
  if (!prefix.autonomous) return "prefix-not-autonomous";
  if (prefix.preferred_lifetime > prefix.valid_lifetime) return "prefix-lifetimes";
  if (prefix.prefix_length != 64) return "prefix-length";
  if (!Ipv6Prefix::truncated(prefix.prefix, 64).with_interface_id(1).is_routable_unicast())
    return "prefix-scope";
  return std::nullopt;
}

/// RFC 4862 section 5.5.3 e: one advertisement without authentication cannot end an address within two hours.
TimePoint new_valid_end(TimePoint now, TimePoint before, std::uint32_t advertised) {
  const TimePoint wanted = lifetime_end(now, advertised);
  if (wanted == kNever || wanted - now > kTwoHours || wanted > before) return wanted;
  return before != kNever && before - now <= kTwoHours ? before : now + kTwoHours;
}

}  // namespace

Ipv6Address AddressTable::address_in(const wire::PrefixInformation& prefix) const {
  return Ipv6Prefix::truncated(prefix.prefix, 64).with_interface_id(interface_id_);
}

bool AddressTable::make_room(TimePoint now) {
  if (entries_.size() < kMostAddresses) return true;
  const auto oldest = std::ranges::min_element(entries_, {}, [](const auto& e) { return e.second.said; });
  if (now - oldest->second.said < kRepeated) return false;
  entries_.erase(oldest);
  return true;
}

std::optional<std::string_view> AddressTable::advertise(TimePoint now, std::uint32_t member,
                                                        const wire::PrefixInformation& prefix) {
  if (const auto why = unusable(prefix)) return why;
  const Ipv6Address address = address_in(prefix);
  const auto known = entries_.find(address);
  if (known == entries_.end() && prefix.valid_lifetime == 0) return std::nullopt;
  if (known == entries_.end() && !make_room(now)) return "too-many-prefixes";
  Entry& entry = entries_[address];
  entry.said = now;
  auto& vouchers = entry.vouchers;
  // Whoever confirms an address first takes over what it had before us.
  auto adopted = vouchers.extract(kAdopted);
  if (!adopted.empty() && !vouchers.contains(member)) {
    adopted.key() = member;
    vouchers.insert(std::move(adopted));
  }
  const auto mine = vouchers.find(member);
  const TimePoint preferred = lifetime_end(now, prefix.preferred_lifetime);
  if (mine != vouchers.end())
    mine->second = {new_valid_end(now, mine->second.valid, prefix.valid_lifetime), preferred, false};
  else if (prefix.valid_lifetime != 0)
    vouchers[member] = {lifetime_end(now, prefix.valid_lifetime), preferred, false};
  return std::nullopt;
}

void AddressTable::doubt(std::uint32_t member) {
  for (auto& [address, entry] : entries_)
    if (const auto voucher = entry.vouchers.find(member); voucher != entry.vouchers.end())
      voucher->second.doubted = true;
}

void AddressTable::leave(std::uint32_t member) {
  for (auto& [address, entry] : entries_) {
    const auto voucher = entry.vouchers.extract(member);
    if (voucher.empty()) continue;
    const auto [former, is_first] = entry.vouchers.try_emplace(kFormer, voucher.mapped());
    former->second.valid = std::max(former->second.valid, voucher.mapped().valid);
    former->second.preferred = std::max(former->second.preferred, voucher.mapped().preferred);
    former->second.doubted = true;
  }
}

void AddressTable::adopt(TimePoint now, const EnsureAddress& address) {
  if (address.valid_lifetime == 0 || !address.address.is_routable_unicast()) return;
  Entry& entry = entries_[address.address];
  entry.prefix_length = address.prefix_length;
  entry.said = now;
  entry.vouchers[kAdopted] = {lifetime_end(now, address.valid_lifetime),
                              lifetime_end(now, address.preferred_lifetime), false};
}

void AddressTable::expire(TimePoint now) {
  for (auto& [address, entry] : entries_)
    std::erase_if(entry.vouchers, [now](const auto& voucher) { return voucher.second.valid <= now; });
  std::erase_if(entries_, [](const auto& entry) { return entry.second.vouchers.empty(); });
}

std::optional<TimePoint> AddressTable::next_expiry() const {
  TimePoint first = kNever;
  for (const auto& [address, entry] : entries_)
    for (const auto& [member, lifetimes] : entry.vouchers) first = std::min(first, lifetimes.valid);
  if (first == kNever) return std::nullopt;
  return first;
}

AddressTable::Standing AddressTable::merge(TimePoint now, const Ipv6Address& address, const Entry& entry,
                                           const Live& live) {
  Standing merged{address, entry.prefix_length, {kEnded, kEnded, false}};
  TimePoint believed = kEnded;  // what those say that can be asked again
  bool vouched = false;
  for (const auto& [member, lifetimes] : entry.vouchers) {
    merged.lifetimes.valid = std::max(merged.lifetimes.valid, lifetimes.valid);
    merged.lifetimes.preferred = std::max(merged.lifetimes.preferred, lifetimes.preferred);
    if (member == kAdopted || lifetimes.doubted || !live(member)) continue;
    vouched = true;
    if (lifetimes.preferred > now) merged.members |= 1U << member;
    believed = std::max(believed, lifetimes.preferred);
  }
  if (vouched) merged.lifetimes.preferred = believed;
  merged.vouched = vouched;
  return merged;
}

std::vector<AddressTable::Standing> AddressTable::standing(TimePoint now, const Live& live) const {
  std::vector<Standing> all;
  for (const auto& [address, entry] : entries_) all.push_back(merge(now, address, entry, live));
  if (std::ranges::none_of(all, &Standing::vouched)) return all;
  for (Standing& entry : all)
    if (!entry.vouched && !entries_.at(entry.address).vouchers.contains(kAdopted))
      entry.lifetimes.preferred = kEnded;
  return all;
}

std::vector<Ipv6Prefix> AddressTable::prefixes_of(TimePoint now, std::uint32_t member) const {
  std::vector<Ipv6Prefix> prefixes;
  for (const auto& [address, entry] : entries_)
    if (const auto voucher = entry.vouchers.find(member);
        voucher != entry.vouchers.end() && voucher->second.preferred > now)
      prefixes.push_back(Ipv6Prefix::truncated(address, entry.prefix_length));
  return prefixes;
}

}  // namespace flowmob::core
