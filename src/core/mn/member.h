// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "core/mn/advertisement.h"
#include "core/mn/config.h"
#include "core/mn/effect.h"
#include "core/mn/solicitation.h"

namespace flowmob::core {

/// One member of a logical interface (a row of RFC 7847's LIF table): its link, and the router heard there.
///
///   link            router               can carry flows
///   down            -                    no
///   up from start   not heard yet        yes: an earlier run may have left flows on it
///   came up         not heard yet        only if no other member can: its gateway does not know us yet
///   up              heard                yes
///   up              lost or resigned     only if no other member can
struct MemberState {
  struct Router {
    Ipv6Address address;
    MacAddress mac;
    TimePoint expires{};
  };

  std::uint32_t number{};  ///< place in the configuration at the start; rows of the data plane have it
  MemberConfig config;
  std::optional<bool> carrier;   ///< not known before the first handle_link()
  bool trusted = false;          ///< up from the start, and nothing spoke against it
  bool heard = false;            ///< since the link came up
  std::optional<Router> router;  ///< outlives the link's loss, until its lifetime ends
  MacAddress router_mac;         ///< the last one; zero: none was ever heard
  std::uint32_t mtu = 0;         ///< as advertised; zero: not
  SolicitationSchedule solicitation;

  bool up() const { return carrier.value_or(false); }
  bool live() const { return up() && heard && router.has_value(); }
  bool usable() const { return live() || (up() && trusted); }

  /// Whether that is a change.
  bool set_link(TimePoint now, bool is_up);
  void hear(TimePoint now, const Advertisement& advertisement, Duration interval);
  /// Whether the router was lost by that.
  bool expire(TimePoint now);
  std::optional<TimePoint> deadline() const;
  InstallMember row(bool can_carry) const {
    return {number, config.index, config.mac, can_carry, router_mac};
  }
};

}  // namespace flowmob::core
