// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/effect.h"
#include "core/peer/config.h"
#include "core/peer/own_address.h"
#include "core/retransmission_timer.h"
#include "wire/mobility_header.h"

namespace flowmob::core {

/// Binding Revocation Indications that wait for their acknowledgement (RFC 5846 sections 6.1.1, 6.2.2, 6.3).
/// What they were sent for is the caller's to remember, by sequence number.
class RevocationInitiator {
 public:
  explicit RevocationInitiator(const OwnAddress& own_address) : own_address_(own_address) {}

  using Sequence = std::uint16_t;
  /// Numbers are 16 bits wide; whoever has more to revoke waits for answers.
  bool has_room() const { return outstanding_.size() < kMostOutstanding; }
  struct Sent {
    Sequence sequence{};
    SendMessage message;
  };
  /// Sends it under a number that no other outstanding one has; there has to be room.
  Sent begin(Now now, const RevocationConfig& config, const Ipv6Address& peer,
             wire::BindingRevocationIndication indication);
  /// It is not waited for any longer: nothing is sent again, and an acknowledgement is one to nothing.
  void cancel(Sequence sequence);

  /// True if it answers an outstanding indication to that peer, which is outstanding no more.
  bool handle_acknowledgement(const Ipv6Address& peer, Sequence sequence);
  bool awaits(const Ipv6Address& peer) const;
  /// A Binding Error of status 2: those to whom it may be the answer, outstanding no more.
  std::vector<Sequence> handle_refusal(const Ipv6Address& peer);

  struct Due {
    std::vector<Sent> again;           ///< octet by octet as it was
    std::vector<Sequence> unanswered;  ///< after all retries; outstanding no more
  };
  Due handle_timeout(TimePoint now);
  std::optional<TimePoint> next_deadline() const;

 private:
  static constexpr std::size_t kMostOutstanding = 4096;
  struct Outstanding {
    SendMessage message;
    RetransmissionTimer timer;
    unsigned retries_left{};
  };
  Sequence next_sequence(Now now);
  using Entries = std::map<Sequence, Outstanding>;
  void erase(Entries::iterator entry);

  OwnAddress own_address_;
  Entries outstanding_;
  std::set<std::pair<TimePoint, Sequence>> deadlines_;
  std::optional<Sequence> last_;
};

}  // namespace flowmob::core
