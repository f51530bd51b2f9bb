// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/shared.h"
#include "base/time.h"
#include "core/delegated_prefix.h"
#include "core/flow/flow_table.h"
#include "core/ipv4_home.h"
#include "core/lma/record.h"
#include "core/tunnelling.h"
#include "wire/enums.h"

namespace flowmob::core {

/// A point in time on both lines: deadlines are met on the one and kept across restarts on the other.
struct Deadline {
  TimePoint monotonic;
  WallTime wall;
  static Deadline after(Now now, Duration delay) { return {now.monotonic + delay, now.wall + delay}; }
  friend bool operator==(const Deadline&, const Deadline&) = default;
};

/// RFC 6543: one address for all MAGs on all links.
constexpr Ipv6Address kFixedLinkLocal{
    {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x02, 0, 0x5e, 0xff, 0xfe, 0, 0x52, 0x13}};

/// A binding cache entry (RFC 5213 section 5.1): one attached interface of a mobile node.
///
///            accepted PBU                  PBU with lifetime 0 from its MAG
///   (none) ---------------> active  ------------------------------------------> delete-wait
///              any accepted PBU:  ^ active again (revived, extended, handed off)      |
///                                 +---------------------------------------------------+
///   active --- lifetime over ---> (none)          delete-wait --- MinDelayBeforeBCEDelete ---> (none)
struct Session {
  SessionId id;
  Ipv6Address mag;  ///< Proxy-CoA
  wire::AccessTechnology technology{};
  wire::HandoffIndicator handoff{};
  Bytes link_layer_id;  ///< empty: none, or all zero
  Duration lifetime{};  ///< as granted
  Deadline deadline;    ///< of the lifetime; in delete-wait that of the deletion
  bool in_delete_wait = false;
  Ipv6Address link_local = kFixedLinkLocal;  ///< the MAG's on the access link
  bool unreachable = false;        ///< its MAG does not answer: only flows without another link stay
  TimePoint came{};                ///< when its MAG first asked for it; it asks again until it has our answer
  std::optional<TimePoint> opens;  ///< until then only flows come that have no other link
  std::uint16_t tunnel_mtu{};      ///< as configured when the link was new; it stays with the link
  std::uint16_t last_sequence{};
  std::uint64_t last_timestamp{};       ///< the message's, not ours; zero: none
  bool ipv6 = true;                     ///< its MAG registers the node's prefixes
  bool ipv4 = false;                    ///< its MAG registers the node's IPv4 home address (RFC 5844)
  Tunnelling tunnelling;                ///< the uplink key is the session's number, wherever it is handed to
  std::uint8_t path = 0;                ///< the MAG's number of this path (RFC 8278); zero: it has one alone
  std::uint8_t path_label = 0;          ///< what kind of path that is, by the MAG's configuration
  Shared<wire::MobilityOptions> notes;  ///< of its last PBU, to be shown (access_network.h)
  std::uint16_t binding_id = 0;         ///< what its MAG calls it in flow options (RFC 5648); zero: nothing
  std::uint8_t binding_priority = 0;    ///< BID-PRI (RFC 6089 section 4.1); zero: it has not said
  std::vector<Ipv6Prefix> delegated;    ///< its MAG registers these as well (RFC 7148), ascending

  /// A path's number is a binding identifier, too (RFC 8278 section 4.1).
  std::uint16_t known_as() const { return binding_id != 0 ? binding_id : path; }
  friend bool operator==(const Session&, const Session&) = default;
};

/// The uplink key stays the session's for its lifetime (RFC 5845 section 3.3.2): its number does.
inline Tunnelling tunnelling_of(SessionId session, Encapsulation encapsulation, std::uint32_t downlink_key) {
  if (encapsulation != Encapsulation::GreWithKeys) return {encapsulation, 0, 0};
  return {encapsulation, downlink_key, session.value};
}

/// A session of another set of the same mobile node whose MAG forwards this set's prefixes as well, without
/// hosting them (RFC 7864 section 3.2.2). Flow bindings and the data plane know it by a number of its own, as
/// they know a session.
struct GuestLink {
  SessionId id;
  NodeIndex host;  ///< to which the session belongs
  SessionId session;
  Ipv6Address mag;                   ///< that has acknowledged the prefixes
  std::vector<Ipv6Prefix> prefixes;  ///< of the set's those that it forwards, ascending
  wire::AccessTechnology technology{};
  std::uint16_t tunnel_mtu{};  ///< this, the above and how packets are carried: the session's
  Tunnelling tunnelling;
  bool up = true;  ///< the session is alive, and with that MAG
  bool unreachable = false;
  friend bool operator==(const GuestLink&, const GuestLink&) = default;
};

/// A gateway that a session was handed off from without a de-registration: what the node has sent by it is
/// still on its way, and goes on for a grace (docs/adr/0064).
struct FormerGateway {
  SessionId session;
  Ipv6Address mag;
  bool ipv6 = true;  ///< what the session had there
  bool ipv4 = false;
  std::vector<Ipv6Prefix> delegated;
  TimePoint until{};
  friend bool operator==(const FormerGateway&, const FormerGateway&) = default;
};

/// A mobile node with one set of prefixes and perhaps an IPv4 home address, the sessions that share them, and
/// the flow bindings among those: one mobility session of RFC 5213 or several by RFC 7864. A node whose
/// interfaces have prefixes of their own has one of these for each set (docs/adr/0014). A plain value, as
/// FlowTable is.
struct MobileNode {
  std::string mn_id;
  std::uint8_t mn_id_subtype = 1;
  NodeIndex index;
  std::uint32_t generation{};
  std::vector<Ipv6Prefix> prefixes;  ///< ascending; empty: no session registers IPv6
  std::optional<Ipv4Home> ipv4;      ///< none: no session registers IPv4
  std::vector<Session> sessions;
  std::vector<GuestLink> guests;  ///< each with flows that are bound to it
  std::vector<FormerGateway> former;
  FlowTable flows;

  Session* find(SessionId id);
  const Session* find(SessionId id) const;
  const GuestLink* find_guest(SessionId id) const;
  /// Of all its sessions, ascending: those of the network behind it (RFC 7148).
  std::vector<Ipv6Prefix> delegated() const;
  /// Its own or one behind it.
  bool has_address(const Ipv6Address& address) const;
  /// Of a session or a guest link; nullptr: it is neither.
  const Ipv6Address* mag_of(SessionId id) const;
  /// That of another set, where this is a guest link's.
  SessionId session_behind(SessionId id) const;
  /// Those that flows may use: of unreachable MAGs only if there are no others.
  std::vector<SessionId> live() const;
  std::vector<SessionId> opening() const;
  /// Gives up the addresses of a family that no session registers any more.
  void drop_unregistered_families();
  std::optional<TimePoint> next_deadline() const;

  NodeRecord to_record() const;
  friend bool operator==(const MobileNode&, const MobileNode&) = default;
};

}  // namespace flowmob::core
