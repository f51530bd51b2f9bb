// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "core/flow/flow_rule.h"
#include "core/mag/flow_sighting.h"

namespace flowmob::core {

/// The flows that a node has moved to one attachment by itself (docs/adr/0062): what the data plane has seen
/// of them, of which the LMA is to be told.
///
///              New or Unanswered, and there is room           told to the LMA, under a number of its own
///     (none) ----------------------------------> Observed --.
///        ^                                          ^       |  New, or Unanswered after a silence:
///        |  silent for kIdle, given up for another, |       |  told again, under another number
///        '-- refused by the LMA ------------------  '-------'
///
/// An LMA that decides itself is not asked a second time: everything is Ignored until allow() or clear().
class ObservedFlows {
 public:
  static constexpr std::size_t kMost = 16;  ///< of the 64 selectors that the LMA has for the node
  static constexpr Duration kIdle = std::chrono::minutes(3);
  /// Of Alive and Unanswered, which are said every 10 s: the flow was away meanwhile.
  static constexpr Duration kSilence = std::chrono::seconds(25);
  static constexpr std::uint16_t kPriority = 0xffff;  ///< FID-PRI: behind what is configured

  enum class Verdict {
    Known,    ///< nothing to be said
    Told,     ///< to be announced
    Again,    ///< to be announced anew: the LMA gives the packets to the latest announcement
    Ignored,  ///< the LMA does not want to know, or there is no room
  };
  struct Flow {
    FlowTemplate flow;
    TimePoint heard;
  };

  Verdict note(TimePoint now, const FlowSighting& sighting);
  /// Those that have been silent for long go. True: there were some.
  bool expire(TimePoint now);
  void forget(std::string_view name);
  /// The LMA decides.
  void stop();
  void allow() { is_stopped_ = false; }
  void clear();

  std::vector<FlowTemplate> templates() const;
  const std::vector<Flow>& flows() const { return flows_; }
  bool is_stopped() const { return is_stopped_; }

  /// When what was noted since the last update is said: a little later, so that one says all, and at most
  /// three times a second (MAX_UPDATE_RATE, RFC 6275 section 12).
  void ask_to_tell(TimePoint now);
  bool take_due(TimePoint now);
  /// Of telling, or of forgetting the idlest.
  std::optional<TimePoint> next_deadline() const;

 private:
  std::vector<Flow>::iterator idlest();
  Verdict admit(TimePoint now, const FlowSighting& sighting, std::string name);

  bool was_evicted_lately(TimePoint now, const std::string& name);

  std::vector<Flow> flows_;
  std::vector<std::pair<std::string, TimePoint>>
      evicted_;  ///< to make room, the oldest first; as many as there is room for
  bool is_stopped_ = false;
  std::optional<TimePoint> tell_at_;
  std::optional<TimePoint> told_at_;
};

}  // namespace flowmob::core
