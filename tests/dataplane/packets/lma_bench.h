// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "bench.h"
#include "platform/dataplane/lma_dataplane.h"

namespace flowmob::dataplane::testing {

/// An anchor with one mobile node: UDP from ports 5004 to 5005 is the video flow, which goes through MAG 1,
/// everything else the default flow through MAG 2.
class LmaBench : public ::testing::Test {
 protected:
  static constexpr SessionId kSession1{11}, kSession2{12};
  static constexpr FlowIndex kVideo{21}, kDefault{22};
  static constexpr NodeIndex kNodeIndex{31};
  static constexpr std::uint16_t kMtu = 1460;

  void SetUp() override {
    auto opened = LmaDataplane::open(options());
    ASSERT_TRUE(opened) << opened.error().message;
    lma_ = std::move(*opened);
    must(lma_->ensure_tunnel({ip(kLma), ip(kMag1)}));
    must(lma_->ensure_tunnel({ip(kLma), ip(kMag2)}));
    must(lma_->install_session({kSession1, kNodeIndex, ip(kLma), ip(kMag1), {prefix(kPrefix)}, kMtu}));
    must(lma_->install_session({kSession2, kNodeIndex, ip(kLma), ip(kMag2), {prefix(kPrefix)}, kMtu}));
    must(lma_->install_flow({kVideo, kNodeIndex, kSession1}));
    must(lma_->install_flow({kDefault, kNodeIndex, kSession2}));
    wire::TrafficSelector6 video;
    video.source_port = {5004, 5005};
    video.next_header = {17, 17};
    install_rules({{10, kVideo, video}});
  }

  void TearDown() override { must(LmaDataplane::teardown(options())); }

  static LmaDataplaneOptions options() {
    return {bpf_directory(), {"core0"}, {"acc1", "acc2"}, ip(kLma), 256, 256};
  }

  static void must(const Result<void>& done) { ASSERT_TRUE(done) << done.error().message; }

  void install_rules(std::vector<core::ClassifierRule> rules, FlowIndex default_flow = kDefault) {
    must(lma_->install_node({kNodeIndex, {prefix(kPrefix)}, default_flow, 1, std::move(rules)}));
  }

  Outcome from_core(const Bytes& packet) const {
    return run(lma_->object(), "lma_downlink", "core0", frame(kCoreMac, kPeerMac, packet));
  }
  Outcome out_of_stack(const Bytes& packet) const {
    return run(lma_->object(), "lma_local", "acc1", frame(kPeerMac, kAccess1Mac, packet));
  }
  Outcome from_access(const Bytes& packet) const {
    return run(lma_->object(), "lma_uplink", "acc1", frame(kAccess1Mac, kPeerMac, packet));
  }

  ::testing::AssertionResult dropped(const Outcome& outcome, std::string_view reason) const {
    return dropped_for(outcome, lma_->drops(), reason);
  }

  std::size_t cached_flows() const {
    return BpfMap<fm_flow_key, fm_cached_flow>(lma_->object(), "flow_cache").keys().size();
  }

  static Packet video() { return Packet().from(kCn).to(kNode).udp(5004, 4000).payload(100); }
  static Packet other() { return Packet().from(kCn).to(kNode).udp(80, 4000).payload(100); }

  static constexpr std::string_view kPrefix = "2001:db8:100::/64";
  std::unique_ptr<LmaDataplane> lma_;
};

/// Which MAG a redirected frame is on its way to.
inline std::string tunnel_of(const Outcome& outcome) {
  if (outcome.verdict != Verdict::Redirect) return ::testing::PrintToString(outcome.verdict);
  const auto outer = Ipv6View::in_frame(outcome.frame);
  return outer.next_header == 41 ? outer.destination.to_string() : "not a tunnel";
}

}  // namespace flowmob::dataplane::testing
