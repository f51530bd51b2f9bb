// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain.h"

/// A life as data: what happens when, so that a part of it can be lived again.
namespace flowmob::sim {

enum class ActionKind {
  Plug,          ///< node, member, mag
  Unplug,        ///< node, member; both ends see it
  Fade,          ///< node, member; the gateway learns of it after `span`
  Flap,          ///< node, member; `number` times, `span` apart
  MoveFlow,      ///< node, mag
  KillLma,       ///< for `span`; behind the `number`-th effect unless that is zero
  KillMag,       ///< mag; likewise
  KillMn,        ///< node; likewise
  PowerOff,      ///< mag, for `span`
  LoseRecords,   ///< mag; its daemon starts without what it kept
  LmaLosesAll,   ///< for `span`
  StepMagClock,  ///< mag, by `span`, for `number` seconds
  StepLmaClock,  ///< by `span`, for `number` seconds
  Partition,     ///< mag, from the LMA, for `span`
  Lie,           ///< of kind `number` about node and member
  ForgeRs,       ///< of kind `number` about node and member at mag
  Replay,        ///< of the `number`-th message before
  Nonsense,      ///< the LMA's answers are rewritten for `span`
};

struct Action {
  Duration at{};
  ActionKind kind{};
  std::size_t node = 0;
  std::size_t member = 0;
  std::size_t mag = 0;
  Duration span{};
  std::uint64_t number = 0;
};

std::string to_string(const Action& action);

/// How the domain of a life is, and what happens in it.
struct LifePlan {
  std::uint64_t seed = 0;
  std::size_t nodes = 1, mags = 2, members = 2;
  Links links = Links::PerNode;
  std::uint8_t pool_bits = 2;  ///< there are 2^n prefixes
  bool is_rough = false;       ///< signalling suffers, daemons die
  bool links_break = true;
  bool has_liar = false;
  bool has_clock_steps = false;
  bool has_nonsense = false;
  bool effects_fail = false;
  Faults faults;
  double access_loss = 0;
  std::size_t own_prefixes = 0;    ///< of each node; none: it gets one from the pools
  bool share_prefixes = true;      ///< else each interface has its own
  bool nodes_decide = false;       ///< they move flows by themselves
  bool gateways_announce = false;  ///< what their configuration and commands say
  std::optional<bool> hold_unknown;
  /// What the gateways' access links say of a node that comes, in turn.
  std::vector<wire::HandoffIndicator> handoffs{wire::HandoffIndicator::NewInterfaceSharingPrefixes};
  Duration slow_mags{}, slow_lma{};  ///< the slowest answer to an effect
  std::vector<Duration> skews;       ///< of the gateways
  Duration turmoil = std::chrono::seconds(60);
  std::vector<Action> actions;

  std::string describe() const;
  /// Some gateway says of interfaces that stay that they have handed over.
  bool confuses_interfaces() const;
};

/// Differs from seed to seed in everything, and is the same every time.
LifePlan make_plan(std::uint64_t seed);

}  // namespace flowmob::sim
