// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "bench.h"
#include "core/flow/reference_classifier.h"
#include "random_packet.h"
#include "tunnelled.h"
#include "world.h"

/// What should become of a frame, from the reference classifier and the RFCs of tunnels and errors: no
/// data plane is asked.
namespace flowmob::dataplane::testing {

struct Expected {
  Verdict verdict{};
  std::string reason;  ///< that is counted; empty: none
  Frame frame;         ///< as it goes on; of what is dropped nothing
  /// Of what gets into a tunnel of IPv6: the flow that its label stands for. The label itself is zeros in
  /// `frame`.
  std::string label_of;
  FlowIndex counted{};             ///< the flow whose counter grows, at a gateway the attachment; zero: none
  std::string kind;                ///< for statistics: one word
  std::size_t checksum_open_at{};  ///< of an answer: a network card will complete what it quotes; zero: not
};

struct Actual {
  Verdict verdict{};
  std::string reason;  ///< all that were counted for the frame, with commas
  Frame frame;
  FlowIndex counted{};
};

enum class Way { Downlink, Uplink, GatewayDownlink, GatewayUplink };

class Judge {
 public:
  explicit Judge(const World& world) : world_(world), attached_(attachments(world)) {}

  /// As core0 or acc1 gets it; an access link's core0, where it is a gateway.
  Expected expect(Way way, const Frame& frame);
  /// What is wrong, in a few words; empty: nothing. Labels are remembered: a flow has one.
  std::string difference(const Expected& expected, const Actual& actual);

 private:
  Expected forward(const Frame& frame, const core::ClassifiedPacket& found) const;
  Expected send(const Frame& frame, const core::ClassifiedPacket& found,
                const core::InstallSession& session) const;

  Expected downlink(const Frame& frame);
  Expected uplink(const Frame& frame);
  Expected outside(const Frame& frame, const core::ReferencePacket& packet) const;
  Expected emerge(const Frame& frame, const core::ReferencePacket& outer, const Tunnelled& tunnelled);
  const core::InstallSession* carrier_of(const Ipv6Address& gateway, const core::ReferencePacket& inner,
                                         const std::optional<core::Encapsulation>& way) const;

  Expected gateway_downlink(const Frame& frame) const;
  Expected deliver(const Frame& frame, const core::ReferencePacket& outer, const Tunnelled& tunnelled) const;
  Expected gateway_uplink(const Frame& frame);
  Expected from_node(const Frame& frame, core::ReferencePacket& packet);
  Expected send_up(const Frame& frame, const core::ReferencePacket& packet,
                   const core::InstallSession& attachment) const;

  const World& world_;
  std::vector<core::InstallSession> attached_;
  core::FirstFragments fragments_;
  std::map<std::string, std::uint32_t> labels_;
};

std::string to_string(const Expected& expected);
std::string to_string(const Actual& actual);

}  // namespace flowmob::dataplane::testing
