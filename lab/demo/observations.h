// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "lab/demo/pcap.h"
#include "lab/demo/signalling.h"
#include "lab/stats/arrivals.h"

namespace flowmob::lab {

enum class FlowKind : std::uint8_t { Video, Download, Ping, Steering };
inline constexpr std::array kFlowKinds{FlowKind::Video, FlowKind::Download, FlowKind::Ping,
                                       FlowKind::Steering};
/// From the first step to the last. Steering runs while a link fails and returns.
inline constexpr std::array kLastingFlows{FlowKind::Video, FlowKind::Download, FlowKind::Ping};
std::string_view to_string(FlowKind kind);
/// Each packet goes by both access links.
constexpr bool is_redundant(FlowKind kind) { return kind == FlowKind::Steering; }

enum class Way : std::uint8_t { Down, Up };
inline constexpr std::array kWays{Way::Down, Way::Up};
inline std::string_view to_string(Way way) { return way == Way::Down ? "down" : "up"; }

inline constexpr int kHttpPort = 8080, kSteeringPort = 5010;
inline constexpr std::array<std::string_view, 2> kAccessLinks{"mag1-mn", "mag2-mn"};

/// Both ends of one direction of a flow, matched packet by packet.
struct FlowTrack {
  std::vector<Sent> sent;
  std::vector<Arrival> arrivals;
  std::vector<Nanoseconds> unmatched{};  ///< when packets came that nobody was seen sending
  /// Access link on which each of `sent` left: upwards, where a capture told.
  std::vector<std::size_t> sent_on{};
};

/// A packet that left and did not come.
struct Loss {
  Nanoseconds sent{};
  std::optional<std::size_t> access{};  ///< index into kAccessLinks, where it was seen on one
};

/// Of what was sent within [from, to).
std::vector<Loss> losses_within(const FlowTrack& track, Nanoseconds from, Nanoseconds to);

/// What the captures say, for all flows of the demo. Frames go in as they are read; questions may be asked
/// any time. The correspondent's capture is on its own interface, the access links' captures are at the
/// mobile node.
class Observations {
 public:
  Observations(Ipv6Prefix mobile_prefixes, Ipv6Address correspondent)
      : mobile_(mobile_prefixes), correspondent_address_(correspondent) {}

  void add(std::string_view link, const CapturedFrame& frame);

  /// Matches what left one end with what came to the other.
  FlowTrack track(FlowKind flow, Way way) const;
  /// Frames of a flow on each access link.
  std::array<std::uint64_t, 2> frames_per_access(FlowKind flow, Way way, Nanoseconds from,
                                                 Nanoseconds to) const;
  /// When the first of them passed on each, from `from` on and before `to`; nothing: none did.
  std::array<std::optional<Nanoseconds>, 2> first_per_access(FlowKind flow, Way way, Nanoseconds from,
                                                             Nanoseconds to) const;
  const std::vector<SignallingMessage>& signalling() const { return signalling_; }

  /// Octets per bin of time, both ways together.
  static constexpr Nanoseconds kBin = 100'000'000;
  using Bins = std::map<Nanoseconds, std::uint64_t>;  ///< by the bin's start
  const Bins& bins(std::size_t access, FlowKind flow) const {
    return bins_[access][static_cast<std::size_t>(flow)];
  }

 private:
  struct Sighting {
    Nanoseconds time;
    std::uint64_t key;  ///< the same at both ends, except for TCP data, which may be cut on its way
    std::uint32_t sequence, payload, timestamp;  ///< TCP data
    std::uint8_t access;                         ///< index into kAccessLinks, at the mobile node
  };
  using Sightings = std::vector<Sighting>;

  void add_flow_packet(std::string_view link, const CapturedFrame& frame, const PacketFacts& facts);
  const Sightings& at_correspondent(FlowKind flow, Way way) const;
  const Sightings& at_mobile(FlowKind flow, Way way) const;
  static std::size_t slot(FlowKind flow, Way way) {
    return static_cast<std::size_t>(flow) * 2 + static_cast<std::size_t>(way);
  }
  static std::uint32_t segment_size(const Sightings& one, const Sightings& other);
  static Sightings cut(const Sightings& sightings, std::uint32_t segment);

  Ipv6Prefix mobile_;
  Ipv6Address correspondent_address_;
  std::array<Sightings, kFlowKinds.size() * kWays.size()> correspondent_, mobile_node_;
  std::vector<SignallingMessage> signalling_;
  std::array<std::array<Bins, kFlowKinds.size()>, kAccessLinks.size()> bins_;
};

}  // namespace flowmob::lab
