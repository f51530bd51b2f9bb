// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/time.h"
#include "core/mn/effect.h"
#include "wire/neighbor_discovery.h"

namespace flowmob::core {

/// The addresses of a logical interface, one per prefix, and who vouches for each: every member that
/// advertises the prefix has lifetimes of its own (RFC 4862 section 5.5.3), and the longest count.
class AddressTable {
 public:
  static constexpr std::size_t kMostAddresses = 16;  ///< as many as the kernel takes from advertisements

  struct Lifetimes {
    TimePoint valid{};
    TimePoint preferred{};
    bool doubted = false;
    friend bool operator==(const Lifetimes&, const Lifetimes&) = default;
  };
  struct Standing {
    Ipv6Address address;
    std::uint8_t prefix_length = 64;
    Lifetimes lifetimes;
    bool vouched = false;     ///< by a live member
    std::uint32_t members{};  ///< those that have not withdrawn the prefix, by their bits
    friend bool operator==(const Standing&, const Standing&) = default;
  };
  /// Whether a member is up and has a router.
  using Live = std::function<bool(std::uint32_t member)>;

  /// Addresses are formed with this identifier: the same one whichever link the prefix came by.
  explicit AddressTable(std::uint64_t interface_id) : interface_id_(interface_id) {}

  /// One prefix that a member advertised. Why it was ignored, if it was. When the table is full, the one that
  /// was said longest ago gives way, if that is an hour: prefixes that somebody made up once must not fill it
  /// for ever, and routers repeat what they mean.
  std::optional<std::string_view> advertise(TimePoint now, std::uint32_t member,
                                            const wire::PrefixInformation& prefix);
  /// The member's link went: it may come back somewhere else, where what was said before counts only when it
  /// is said again (RFC 6059).
  void doubt(std::uint32_t member);
  /// It is no member any more: what it said has its lifetimes still, and counts as if it were doubted.
  void leave(std::uint32_t member);
  /// An address that stood there before us: until it is advertised, its own lifetimes are all it has.
  void adopt(TimePoint now, const EnsureAddress& address);

  void expire(TimePoint now);
  std::optional<TimePoint> next_expiry() const;

  /// All addresses. Once a live member vouches for one, those for which none does are deprecated: new
  /// connections over them would lead nowhere.
  std::vector<Standing> standing(TimePoint now, const Live& live) const;
  /// That it advertises; not what it has withdrawn.
  std::vector<Ipv6Prefix> prefixes_of(TimePoint now, std::uint32_t member) const;

 private:
  struct Entry {
    std::uint8_t prefix_length = 64;
    std::map<std::uint32_t, Lifetimes> vouchers;  ///< by member, or kAdopted, or kFormer
    TimePoint said;                               ///< when it was last advertised, or adopted
  };
  Ipv6Address address_in(const wire::PrefixInformation& prefix) const;
  bool make_room(TimePoint now);
  static constexpr std::uint32_t kAdopted = 0xffffffff;
  static constexpr std::uint32_t kFormer = 0xfffffffe;  ///< all that have left
  static Standing merge(TimePoint now, const Ipv6Address& address, const Entry& entry, const Live& live);

  std::uint64_t interface_id_;
  std::map<Ipv6Address, Entry> entries_;
};

}  // namespace flowmob::core
