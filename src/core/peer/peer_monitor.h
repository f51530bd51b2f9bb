// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include "base/address.h"
#include "base/time.h"
#include "core/peer/config.h"

namespace flowmob::core {

/// Whom we probe, and what we know from the answers (RFC 5847 sections 3 to 3.2). Probed are those with whom
/// we share bindings; the first probe goes out at once, so that their restart counter is known before they
/// can lose it.
class PeerMonitor {
 public:
  explicit PeerMonitor(HeartbeatConfig config) : config_(config) {}
  /// Probes are numbered from here on: a start that strangers do not know makes answers hard to forge.
  void number_from(std::uint32_t sequence) { last_sequence_ = sequence; }
  /// An interval that is shorter holds from now on.
  void configure(TimePoint now, HeartbeatConfig config);

  /// Those with whom we share bindings now. What was known of others is forgotten, but for who does not speak
  /// this protocol.
  void set_peers(TimePoint now, const std::set<Ipv6Address>& peers);

  struct Probe {
    Ipv6Address peer;
    std::uint32_t sequence{};
  };
  struct Lost {
    Ipv6Address peer;
  };  ///< more answers are missing than may be
  using Due = std::variant<Probe, Lost>;
  std::vector<Due> handle_timeout(TimePoint now);
  std::optional<TimePoint> next_deadline() const { return next_; }

  struct Response {
    std::uint32_t sequence{};
    bool unsolicited = false;
    std::optional<std::uint32_t> restart_counter;
  };
  struct News {
    bool expected = false;  ///< false: of no peer, or to no request of ours
    bool is_back = false;   ///< it was lost
    /// It restarted without its state, some time after this: when its former counter was last heard.
    std::optional<TimePoint> restarted_since;
  };
  /// What nobody asked for proves nothing: a change that it tells of makes us ask at once, once a second at
  /// most, and the answer counts.
  News handle_response(TimePoint now, const Ipv6Address& peer, const Response& response);

  /// A Binding Error of status 2 came from there. True if it answers a probe: there will be none any more
  /// (section 3). Of one that has answered before it may mean something else, if `awaits_other` messages are
  /// unanswered as well.
  bool handle_refusal(const Ipv6Address& peer, bool awaits_other);

  struct Peer {
    std::optional<TimePoint> next_probe;  ///< none: not probed
    std::optional<TimePoint> ask_again;   ///< before that: something may have happened
    TimePoint asked{};
    std::uint32_t sequence{};  ///< of the last request
    bool awaits_response = false;
    unsigned missing = 0;
    bool is_lost = false;
    bool has_answered = false;
    std::optional<std::uint32_t> restart_counter;
    TimePoint counter_heard{};
    std::optional<Duration> round_trip{};  ///< smoothed
    std::uint32_t lost_of_last = 0;        ///< a bit for each of the last regular requests: no answer
    unsigned judged = 0;                   ///< how many of those there are, 16 at most
    /// Percent of the last requests; none: not known yet.
    std::optional<unsigned> loss() const;
  };
  const std::map<Ipv6Address, Peer>& peers() const { return peers_; }
  bool refuses(const Ipv6Address& peer) const { return refusing_.contains(peer); }

 private:
  void add(TimePoint now, const Ipv6Address& peer);
  void handle_unsolicited(TimePoint now, Peer& peer, const Response& response);
  void find_next();
  bool is_probed(const Ipv6Address& peer) const { return config_.interval != Duration{} && !refuses(peer); }

  HeartbeatConfig config_;
  std::map<Ipv6Address, Peer> peers_;
  std::set<Ipv6Address> refusing_;
  std::uint32_t last_sequence_ = 0;
  std::optional<TimePoint> next_;  ///< asked for after every message
};

}  // namespace flowmob::core
