// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "core/mn/config.h"
#include "core/mn/effect.h"

namespace flowmob::core {

/// The mobile node's logical interface (RFC 7847, the draft's virtual interface): solicits on every member,
/// merges the advertisements into one router, one MTU (the smallest) and one set of prefixes (a prefix stays
/// while any member advertises it), forms one stable address per prefix, and says which members can be used:
/// those with a carrier whose router answers.
class LogicalInterface {
 public:
  /// `config.mac` is set: whoever knows the system put the first member's address there where the file says
  /// so.
  explicit LogicalInterface(MnConfig config);
  ~LogicalInterface();
  LogicalInterface(const LogicalInterface&) = delete;
  LogicalInterface& operator=(const LogicalInterface&) = delete;

  const MnConfig& config() const;

  /// The carrier of a member, as first seen and at every change.
  void handle_link(Now now, InterfaceIndex interface, bool up);
  /// An ICMPv6 packet of types 133 to 136 from a member, of a port also 130 (with a Router Alert option);
  /// `meta.link_source` and `meta.interface` are set.
  void handle_neighbor_discovery(Now now, const PacketMeta& meta, ByteView icmpv6);
  /// An address that already stands on the logical interface when the daemon starts: kept until
  /// advertisements confirm it or its lifetime ends.
  void adopt_address(Now now, const EnsureAddress& address);

  /// "show bindings" has no meaning here; "show links" (members with state, router, prefixes) and "show
  /// statistics".
  Result<Json> handle_command(Now now, std::string_view command, const Json& arguments);

  void handle_timeout(Now now);
  /// The virtual interface was made anew: asks once more for all that should be there.
  void reinstall(Now now);
  /// Members that are new, that leave, and their order, which is the preference; intervals; the index and
  /// link-layer address of a member that went and came back. "needs-restart" for another interface,
  /// "last-member", "too-many-members"; nothing is changed then.
  ///
  /// A member keeps its number for life, whatever it is in `config`. A new one gets the lowest that is free,
  /// carries nothing before its router is heard, and needs its data plane before its handle_link(). One that
  /// is not named any more carries nothing from now on, and what comes by it is still taken for `drain`: who
  /// sends there may not know yet. Then RemoveMember, and only then is its number free. Until then it comes
  /// back as it was, if it is named again. Prefixes that it alone has advertised age.
  Result<void> reconfigure(Now now, MnConfig config, Duration drain = kDrain);
  static constexpr Duration kDrain = std::chrono::seconds(1);

  std::optional<TimePoint> poll_timeout() const;
  std::optional<MnEffect> poll_effect();
  /// Of an AskRouter: whether the question could be asked.
  void handle_effect_result(Now now, EffectId id, const Result<void>& outcome);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flowmob::core
