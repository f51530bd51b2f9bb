// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "base/address.h"
#include "base/time.h"
#include "core/effect.h"
#include "core/mn/effect.h"

namespace flowmob::core {

/// The link-local address of a member that is a port, which the kernel knows nothing of: whether it is
/// nobody else's (RFC 4862 section 5.4), and its group, told to whoever snoops (RFC 3810).
///
///   tentative   the group is joined from ::, one probe is sent; a second later the address is ours
///   assigned    the group is told once more, from it (RFC 3590 section 4)
///   failed      every identifier of four was somebody's: no address until the link comes up again
///
/// The first identifier is of the link-layer address, those after a conflict come of it and RFC 7217's
/// counter. Delays that should be random are of the address: different on each node, and without chance.
class PortAddress {
 public:
  static constexpr unsigned kTries = 4;  ///< IDGEN_RETRIES of RFC 7217 section 7, and the first

  void start(TimePoint now, const MacAddress& mac);
  void stop() { *this = {}; }

  /// Ours to use; none: not yet, or not any more.
  std::optional<Ipv6Address> address() const { return is_assigned_ ? address_ : std::nullopt; }
  std::optional<Ipv6Address> tentative() const { return is_assigned_ ? std::nullopt : address_; }

  /// Whether the message says that somebody has the tentative address, or probes for it, too.
  bool is_conflict(const PacketMeta& meta, ByteView icmpv6) const;
  /// The next one, tentative again; none: that was the last.
  std::optional<Ipv6Address> give_up(TimePoint now);
  /// Whether it counts (RFC 3810 section 6.2).
  bool hear_query(TimePoint now, const PacketMeta& meta, ByteView icmpv6);

  std::optional<TimePoint> next() const;
  /// What is to be said now; of `interface`.
  std::vector<SendFromPort> handle_due(TimePoint now, InterfaceIndex interface);

 private:
  void begin(TimePoint now);
  void tell_group(TimePoint now);
  SendFromPort report(TimePoint now, bool is_change) const;
  SendFromPort probe() const;

  MacAddress mac_;
  std::optional<Ipv6Address> address_;
  bool is_assigned_ = false;
  unsigned tries_ = 0;
  std::optional<TimePoint> probe_, assigned_, change_, answer_;  ///< when these are due
  unsigned changes_ = 0;                                         ///< state change reports still to be sent
  std::vector<Ipv6Address> left_;                                ///< groups of addresses that were somebody's
  TimePoint version1_until_ = TimePoint::min();
};

}  // namespace flowmob::core
