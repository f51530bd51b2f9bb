// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "core/effect.h"
#include "core/retransmission_timer.h"

namespace flowmob::core {

/// Messages of one kind that wait for their acknowledgement, by a number of 16 bits. What they were sent for
/// is the caller's to remember.
class Outstanding {
 public:
  using Sequence = std::uint16_t;
  struct Sent {
    Sequence sequence{};
    SendMessage message;
  };
  /// Whoever has more to say waits for answers.
  bool has_room() const { return entries_.size() < kMostOutstanding; }
  /// It is not waited for any longer: nothing is sent again, and an acknowledgement is one to nothing.
  void cancel(Sequence sequence);

  /// True if it answers an outstanding message to that peer, which is outstanding no more.
  bool handle_acknowledgement(const Ipv6Address& peer, Sequence sequence);
  bool awaits(const Ipv6Address& peer) const;
  /// A Binding Error of status 2: those to whom it may be the answer, outstanding no more.
  std::vector<Sequence> handle_refusal(const Ipv6Address& peer);

  struct Due {
    std::vector<Sent> again;
    std::vector<Sequence> unanswered;  ///< after all retries; outstanding no more
  };
  Due handle_timeout(TimePoint now);
  std::optional<TimePoint> next_deadline() const;

 protected:
  struct Pace {
    Duration initial, longest;
    unsigned retries{};
  };
  /// The first behind `last` that no outstanding message has.
  Sequence next_behind(Sequence last) const;
  void add(TimePoint now, Sequence sequence, const Pace& pace, SendMessage again);

 private:
  static constexpr std::size_t kMostOutstanding = 4096;
  struct Entry {
    SendMessage again;
    RetransmissionTimer timer;
    unsigned retries_left{};
  };
  using Entries = std::map<Sequence, Entry>;
  void erase(Entries::iterator entry);

  Entries entries_;
  std::set<std::pair<TimePoint, Sequence>> deadlines_;
};

}  // namespace flowmob::core
