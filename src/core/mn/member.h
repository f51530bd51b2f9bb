// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/mn/address_check.h"
#include "core/mn/advertisement.h"
#include "core/mn/config.h"
#include "core/mn/effect.h"
#include "core/mn/port_address.h"
#include "core/mn/router_watch.h"
#include "core/mn/solicitation.h"
#include "core/rate_limiter.h"

namespace flowmob::core {

/// One member of a logical interface (a row of RFC 7847's LIF table): its link, and the router heard there.
///
///   link            router               can carry flows
///   down            -                    no
///   up from start   not heard yet        yes: an earlier run may have left flows on it
///   came up         not heard yet        only if no other member can: its gateway does not know us yet
///   up              heard                yes
///   up              lost or resigned     only if no other member can
///   up              silent when asked    only if no other member can; heard anew once it has answered
///   leaving         whatever             no: what still comes by it is taken, until it has left
struct MemberState {
  struct Router {
    Ipv6Address address;
    MacAddress mac;
    TimePoint expires{};
  };

  std::uint32_t number{};  ///< rows of the data plane have it
  MemberConfig config;
  std::optional<TimePoint> leaves;  ///< it is no member any more, and gone then
  std::optional<bool> carrier;      ///< not known before the first handle_link()
  bool trusted = false;             ///< up from the start, and nothing spoke against it
  bool heard = false;               ///< since the link came up
  std::optional<Router> router;     ///< outlives the link's loss, until its lifetime ends
  MacAddress router_mac;            ///< the last one; zero: none was ever heard
  std::uint32_t mtu = 0;            ///< as advertised; zero: not
  SolicitationSchedule solicitation;
  PortAddress own;     ///< of a port, while its link is up
  RouterWatch watch;   ///< of the router, while the link is up
  AddressCheck check;  ///< of the router's link-layer address
  std::optional<TimePoint>
      asked;              ///< when another router spoke up, and ours was asked whether it still lives
  bool answered = false;  ///< it has, since
  RateLimiter own_advertisements{std::chrono::milliseconds(500), 10};
  RateLimiter other_advertisements{std::chrono::seconds(1), 3};
  RateLimiter searches{std::chrono::seconds(10), 3};  ///< for the router's link-layer address, by multicast
  RateLimiter questions{std::chrono::milliseconds(10), 50};  ///< of neighbours, about its own address

  bool up() const { return carrier.value_or(false); }
  bool live() const { return can_be_used() && heard && router.has_value() && !watch.is_silent(); }
  bool usable() const { return live() || (can_be_used() && trusted); }
  bool can_be_used() const { return up() && !leaves; }

  /// Added while others are in use: nothing of an earlier run is on it.
  static MemberState added(const MemberConfig& config);
  void leave(TimePoint when);
  /// Before it had left, if it is still the same interface: as it was.
  void stay(const MemberConfig& wanted);

  /// Whether that is a change.
  bool set_link(TimePoint now, bool is_up);
  /// Why the advertisement counts for nothing, if it does. On a link to one gateway there is one router; when
  /// another speaks, ours is asked, and gives way only if it does not answer (else anyone on the link could
  /// take the uplink). Where routers are watched, one that differs by its link-layer address alone begins a
  /// check. Both have their rate, as each counted one may change addresses, routes and rows.
  std::optional<std::string_view> admit(TimePoint now, const Advertisement& advertisement);
  void hear(TimePoint now, const Advertisement& advertisement, Duration interval);
  /// The router's answer to a question. A silent one may have forgotten us: it is solicited, and counts from
  /// its next advertisement on. Whether it had been silent. One that is missed and gives another link-layer
  /// address is not back: that begins a check.
  bool hear_answer(TimePoint now, const RouterAnswer& answer);
  /// Whether it is to be asked for by multicast, too.
  bool search(TimePoint now) { return watch.is_missing() && !config.raw_ip && searches.allow(now); }
  /// The check's outcome: the router has another link-layer address. It is solicited for all the rest.
  void take_address(TimePoint now);
  void fall_silent(TimePoint now, Duration interval);
  /// Whether the router was lost by that.
  bool expire(TimePoint now);
  std::optional<TimePoint> deadline() const;
  InstallMember row(bool can_carry) const {
    const MacAddress router_there = config.raw_ip ? kMadeUpRouterMac : router_mac;
    return {number, config.index, config.mac, can_carry, router_there, config.raw_ip};
  }
};

}  // namespace flowmob::core
