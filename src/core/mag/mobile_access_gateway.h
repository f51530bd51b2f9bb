// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "core/mag/config.h"
#include "core/mag/effect.h"
#include "core/mag/flow_sighting.h"
#include "core/tunnel/tunnel_error.h"

namespace flowmob::core {

/// The mobile access gateway of RFC 5213 section 6: detects attachment, registers mobile nodes with the LMA
/// and is their router. After every handle_*() and restore() take all effects with poll_effect(), carry them
/// out in their order, and answer those that have an id.
///
///   restore() at most once, before anything else
///   the other calls in any order
class MobileAccessGateway {
 public:
  explicit MobileAccessGateway(MagConfig config);
  ~MobileAccessGateway();
  MobileAccessGateway(const MobileAccessGateway&) = delete;
  MobileAccessGateway& operator=(const MobileAccessGateway&) = delete;

  const MagConfig& config() const;

  /// What a predecessor persisted: rows are asked for anew, and every node that is still attached registers
  /// again.
  void restore(Now now, std::vector<AttachmentRecord> records);

  /// The one kept across restarts; at most once, behind restore(). `lost_state`: it has grown, since there
  /// was no record of nodes that a predecessor had, and the LMA is told (RFC 5847 section 3.2).
  void set_restart_counter(std::uint32_t counter, bool lost_state);
  /// A number that nobody can guess: answers to heartbeats are known by theirs. At most once, before the
  /// first.
  void number_heartbeats_from(std::uint32_t sequence);

  /// One whole Mobility Header with its IPv6 addresses, from anybody.
  void handle_message(Now now, const PacketMeta& meta, ByteView mobility_header);
  /// An ICMPv6 packet of types 133 to 136 from an access link; `meta.link_source` and `meta.interface` are
  /// set.
  void handle_neighbor_discovery(Now now, const PacketMeta& meta, ByteView icmpv6);
  /// A whole Ethernet frame of ARP, DHCP or DHCPv6 from an access link.
  void handle_frame(Now now, InterfaceIndex interface, ByteView frame);
  /// What came from port 67 of `server` to port 67 of the relay's address, the UDP payload alone.
  void handle_dhcp_server(Now now, const Ipv4Address& server, ByteView payload);
  /// A packet of IPv4 of an attached node, as it came, of which the tunnel carries `mtu` octets at most.
  void handle_too_big(Now now, SessionId attachment, std::size_t mtu, ByteView packet);
  /// Of a flow of an attachment that is watched.
  void handle_flow_sighting(Now now, const FlowSighting& sighting);
  /// What was heard of a tunnel packet of ours.
  void handle_tunnel_error(Now now, const TunnelError& error);
  /// The carrier of an access link, as first seen and at every change.
  void handle_link(Now now, InterfaceIndex interface, bool up);

  /// "attach", "detach", "flow announce", "flow withdraw", "show bindings", "show tunnels", "show
  /// statistics", "show peers", "session revoke". The arguments were checked against the command table.
  /// Errors: "no-such-access", "no-such-mobile-node", "unknown-link-layer-address", "not-attached",
  /// "no-session", "no-such-flow", "link-down", "bad-argument", "no-such-command". A node that "detach" sent
  /// away comes back with "attach" or a new carrier, not by soliciting.
  Result<Json> handle_command(Now now, std::string_view command, const Json& arguments);

  void handle_effect_result(Now now, EffectId id, const Result<void>& outcome);
  void handle_timeout(Now now);

  /// New policy; attached nodes stay attached. Addresses cannot change: "needs-restart".
  Result<void> reconfigure(Now now, MagConfig config);

  std::optional<TimePoint> poll_timeout() const;
  std::optional<MagEffect> poll_effect();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flowmob::core
