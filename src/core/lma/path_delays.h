// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "base/address.h"
#include "core/lma/effect_queue.h"

namespace flowmob::core {

/// How long packets take by a session to its node and back, measured by ICMPv6 Echo Requests (RFC 4443
/// section 4.1) through its tunnel: the node answers by the link on which it is asked. A few at a time, when
/// somebody wants to know.
class PathDelays {
 public:
  static constexpr std::size_t kProbes = 3;
  static constexpr Duration kEvery = std::chrono::milliseconds(10);
  /// Who asks again so soon gets what is under way.
  static constexpr Duration kRest = std::chrono::milliseconds(60);
  static constexpr std::size_t kMostPaths = 1024;

  explicit PathDelays(EffectQueue& effects) : effects_(effects) {}
  /// What nobody can guess: an answer has to have heard the question.
  void seed(std::uint64_t secret) { secret_ = secret; }

  void measure(TimePoint now, SessionId session, const Ipv6Address& anchor, const Ipv6Address& node);

  struct RoundTrip {
    Duration least{}, most{};
    TimePoint latest{};  ///< when the last answer came
  };
  /// Of the latest measurement that was answered.
  const RoundTrip* of(SessionId session) const;

  /// One whole ICMPv6 message. Whose measurement it is an answer of; nothing where it is none.
  std::optional<SessionId> handle_echo_reply(TimePoint now, const Ipv6Address& source, ByteView message);
  void handle_timeout(TimePoint now);
  std::optional<TimePoint> next_deadline() const;

 private:
  struct Probe {
    std::uint16_t sequence{};
    TimePoint sent{};
    bool is_answered = false;
  };
  struct Path {
    std::uint16_t identifier{};
    Ipv6Address anchor, node;
    TimePoint began{};
    std::array<Probe, kProbes> probes{};
    std::size_t sent{};
    std::optional<RoundTrip> measured{};
    TimePoint next() const { return probes[sent - 1].sent + kEvery; }
    bool is_fresh = false;  ///< what is measured is of this measurement
  };
  void probe(TimePoint now, SessionId session, Path& path);
  void forget_oldest();
  std::uint64_t token(std::uint16_t identifier, std::uint16_t sequence) const;
  Bytes echo_request(const Path& path, std::uint16_t sequence) const;

  EffectQueue& effects_;
  std::uint64_t secret_{};
  std::uint16_t last_identifier_{}, last_sequence_{};
  std::map<SessionId, Path> paths_;
  std::set<SessionId> asking_;  ///< those whose next question is due some time
  std::map<std::uint16_t, SessionId>
      sessions_;  ///< by identifier: to the node each path is a flow of its own
};

}  // namespace flowmob::core
