// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <vector>

#include "base/address.h"
#include "base/time.h"

namespace flowmob::core {

/// A flow as its downlink packets look: the source is the correspondent. Uplink packets are turned around
/// first, so that both directions are one flow.
struct VifFlowKey {
  Ipv6Address source;
  Ipv6Address destination;
  std::uint8_t protocol{};
  std::uint16_t source_port{}, destination_port{};  ///< zero where the protocol has none
  std::uint32_t spi{};                              ///< of ESP or AH, or the identifier of an ICMPv6 echo

  VifFlowKey reversed() const { return {destination, source, protocol, destination_port, source_port, spi}; }
  friend auto operator<=>(const VifFlowKey&, const VifFlowKey&) = default;
};

/// The flow table of a logical interface (RFC 7847 section 5.2) with reflection: what
/// src/dataplane/vif.bpf.c does, on virtual time. A test holds the two against each other.
class VifFlowTable {
 public:
  static constexpr std::uint32_t kMembers = 16;

  struct Options {
    bool reflect = true;  ///< uplink follows the link that the flow's downlink last came by
    Duration hold = std::chrono::milliseconds(100);  ///< no return to the link just left before this
    std::size_t capacity = std::size_t{1} << 14;     ///< beyond it the flow idle longest is forgotten
  };
  struct Flow {
    std::uint32_t member{};
    std::uint32_t previous{};  ///< the member before the last move
    std::uint32_t moves{};
    TimePoint moved{};
    friend bool operator==(const Flow&, const Flow&) = default;
  };

  VifFlowTable() : VifFlowTable(Options{}) {}
  explicit VifFlowTable(Options options) : options_(options) {}

  /// Both as the effects InstallMember and InstallDefaultMember say; numbers below kMembers.
  void set_member(std::uint32_t number, bool up);
  void set_default_member(std::uint32_t number) { default_member_ = number; }

  /// As InstallSource says; zero: no more.
  void set_source(const Ipv6Prefix& prefix, std::uint32_t members);

  /// The flow leaves by the first of these that is up, else by the default, whatever its downlink does
  /// (docs/adr/0062); none: it follows its downlink again.
  void prefer(const VifFlowKey& key, std::vector<std::uint32_t> members);

  /// The member an uplink packet leaves by; none: no member is up, the packet is dropped. `key` is the
  /// flow's, reversed from what stands in the packet.
  std::optional<std::uint32_t> send(TimePoint now, const VifFlowKey& key);
  /// A downlink packet arrived by a member. For an existing flow that is the network's trigger to move it.
  void receive(TimePoint now, const VifFlowKey& key, std::uint32_t member);

  const Flow* find(const VifFlowKey& key) const;
  std::size_t size() const { return flows_.size(); }

 private:
  struct Entry {
    Flow flow;
    bool is_used = false;
    std::list<VifFlowKey>::iterator age;
  };
  Entry& entry_of(const VifFlowKey& key, std::uint32_t member);
  /// The bits of members whose gateway takes what is sent from there; all where none is known to.
  std::uint32_t usable_for(const Ipv6Address& source) const;
  std::uint32_t default_among(std::uint32_t usable) const;
  std::uint32_t first_preferred(const std::vector<std::uint32_t>& members, std::uint32_t usable) const;
  void reflect(Flow& flow, TimePoint now, std::uint32_t member) const;
  bool is_up(std::uint32_t number) const { return number < kMembers && up_[number]; }

  Options options_;
  std::array<bool, kMembers> up_{};
  std::uint32_t default_member_ = 0;
  std::map<Ipv6Prefix, std::uint32_t> sources_;
  std::map<VifFlowKey, std::vector<std::uint32_t>> preferences_;
  std::map<VifFlowKey, Entry> flows_;
  std::list<VifFlowKey> ages_;  ///< the latest used first
};

}  // namespace flowmob::core
