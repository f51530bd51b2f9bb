// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "core/lma/command_answer.h"
#include "core/lma/config.h"
#include "core/lma/effect.h"
#include "core/lma/flow_watch.h"
#include "core/lma/record.h"
#include "core/tunnel/tunnel_error.h"

namespace flowmob::core {

/// The local mobility anchor of RFC 5213 section 5: binding cache, flow bindings, and the answers to Proxy
/// Binding Updates. It does nothing itself: after every handle_*() and restore() take all effects with
/// poll_effect(), carry them out in their order, and answer those that have an id.
///
///   restore() at most once, before anything else
///   handle_message(), handle_tunnel_error(), handle_command(), handle_timeout(), reconfigure(),
///   set_correspondent_interfaces(), tell_extensions() in any order
class LocalMobilityAnchor {
 public:
  explicit LocalMobilityAnchor(LmaConfig config);
  ~LocalMobilityAnchor();
  LocalMobilityAnchor(const LocalMobilityAnchor&) = delete;
  LocalMobilityAnchor& operator=(const LocalMobilityAnchor&) = delete;

  const LmaConfig& config() const;

  /// What a predecessor persisted. Asks for all rows anew; sessions that expired meanwhile are gone. Records
  /// that the configuration no longer permits are dropped with a notification.
  void restore(Now now, const std::vector<NodeRecord>& records);

  /// The one kept across restarts; at most once, behind restore(). `lost_state`: it has grown, since there
  /// was no record of sessions that a predecessor had, and all MAGs are told (RFC 5847 section 3.2).
  void set_restart_counter(std::uint32_t counter, bool lost_state);
  /// A number that nobody can guess: answers to heartbeats are known by theirs. At most once, before the
  /// first.
  void number_heartbeats_from(std::uint32_t sequence);

  /// Another that nobody can guess: answers to Echo Requests, which measure paths, have heard the question.
  /// At most once, before the first move.
  void seed_measurements(std::uint64_t secret);

  /// Likewise of Update Notifications (RFC 7077 section 5.1).
  void number_notifications_from(std::uint16_t sequence);

  /// One whole Mobility Header with its IPv6 addresses, from anybody.
  void handle_message(Now now, const PacketMeta& meta, ByteView mobility_header);

  /// What was heard of a tunnel packet of ours.
  void handle_tunnel_error(Now now, const TunnelError& error);

  /// The commands of the control socket that the core answers, by their names in the command table: "show
  /// bindings", "show sessions", "show flows", "show tunnels", "show statistics", "show peers", "show
  /// handovers", "flow move", "flow release", "session revoke", "show policies", "policy explain", "policy
  /// confirm". The arguments were checked against the table. Errors: "no-such-mobile-node", "no-such-flow",
  /// "ambiguous-flow", "no-such-mag", "no-session", "busy", "bad-argument", "no-such-command", "bad-flow",
  /// "no-rule", "no-such-handover", "no-trial"; of a "flow move" for which a MAG has to be asked
  /// "flow-mobility-refused", "flow-mobility-unanswered", "flow-mobility-not-supported", "no-prefix",
  /// "keys-not-shared", "ipv4-stays". A "flow move", a "flow release" and a "session revoke" are answered
  /// when they have begun.
  Result<Json> handle_command(Now now, std::string_view command, const Json& arguments);
  /// The same, answered by poll_answer() when its effects have been: a move that fails is an error, and the
  /// flow is where it was.
  void begin_command(Now now, CommandId id, std::string_view command, const Json& arguments);
  std::optional<CommandAnswer> poll_answer();

  /// Those that lead to correspondents alone. No gateway is there, whatever the source says: messages that
  /// come by them are dropped (docs/adr/0032).
  void set_correspondent_interfaces(std::vector<InterfaceIndex> interfaces);

  /// Whether bindings that are merely extended are told of ("binding-extended"). They are, unless said
  /// otherwise; where many nodes are, nobody wants to read it.
  void tell_extensions(bool told);

  void handle_effect_result(Now now, EffectId id, const Result<void>& outcome);
  /// The answer to a ReadWatch: what the data plane has seen since the WatchFlow; nothing if it did not
  /// watch.
  void handle_flow_watch(Now now, HandoverId id, const std::optional<FlowWatch>& seen);
  /// The answer to a ReadOrder; nothing if the flow is not moved in order.
  void handle_flow_order(Now now, FlowIndex flow, const std::optional<OrderSeen>& seen);
  /// One whole ICMPv6 Echo Reply that came for the anchor's address, from anybody.
  void handle_echo_reply(Now now, const Ipv6Address& source, ByteView icmpv6);
  void handle_timeout(Now now);

  /// New policy: MAGs, services, profiles, pools, timers. Live bindings stay as they are; what they may do
  /// next is decided by the new policy; those that it does not permit are revoked. The address cannot change:
  /// "needs-restart".
  Result<void> reconfigure(Now now, LmaConfig config);

  /// Other rules for flows than the configured ones, until the next reconfigure(). With `unless_confirmed`
  /// those before come back after that time, if "policy confirm" does not come. Moves what the difference
  /// moves, and answers as compare_policies().
  Json apply_policies(Now now, std::vector<Shared<FlowPolicy>> policies,
                      std::optional<Duration> unless_confirmed = {});
  /// {"rules": [{"change", "policy", "rule"}], "moves": [{"mn", "flow", "from", "to"}],
  /// "spreads": [...], "asks": [{"mn", "mag", "session", "prefixes", "flows"}]}
  Json compare_policies(Now now, const std::vector<Shared<FlowPolicy>>& policies);
  /// Whether some rule asks what goes through MAGs.
  bool asks_for_load() const;
  struct LiveSession {
    SessionId session;
    Ipv6Address mag;
  };
  std::vector<LiveSession> live_sessions() const;
  /// What goes through a MAG, as measured lately.
  void handle_link_load(Now now, const Ipv6Address& mag, std::uint64_t bits_per_second);

  std::optional<TimePoint> poll_timeout() const;
  std::optional<LmaEffect> poll_effect();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flowmob::core
