// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <memory>

#include "packet_ipv4.h"
#include "platform/dataplane/vif_dataplane.h"
#include "wire/checksum.h"
#include "wire/neighbor_discovery.h"

namespace flowmob::dataplane::testing {

/// A virtual interface with two members, both up; member 0 is the default.
class Vif : public ::testing::Test {
 protected:
  void SetUp() override { open({}); }
  void TearDown() override { must(VifDataplane::teardown(options({}))); }

  void open(Duration hold) {
    auto opened = VifDataplane::open(options(hold));
    ASSERT_TRUE(opened) << opened.error().message;
    vif_ = std::move(*opened);
    set_up(0, true);
    set_up(1, true);
    must(vif_->set_default_member(0));
  }
  static VifDataplaneOptions options(Duration hold, bool reflect = true) {
    return {bpf_directory(), "vif0", {"if1", "if2"}, reflect, hold, 256};
  }
  static void must(const Result<void>& done) { ASSERT_TRUE(done) << done.error().message; }

  void set_up(std::uint32_t number, bool up) {
    must(vif_->set_member({number, InterfaceIndex{index_of(number ? "if2" : "if1")},
                           mac(number ? kMember2Mac : kMember1Mac), up}));
  }

  Outcome send(const Bytes& packet) const {
    return run(vif_->object(), "vif_egress", "vif0", frame(kPeerMac, kVifMac, packet));
  }
  Outcome receive(std::uint32_t number, const Bytes& packet, std::string_view to = {}) const {
    const auto own = number ? kMember2Mac : kMember1Mac;
    return run(vif_->object(), "member_ingress", number ? "if2" : "if1",
               frame(to.empty() ? own : to, kPeerMac, packet));
  }
  /// The member that an uplink packet leaves by, told by its source.
  int member_of(const Packet& packet) const {
    const auto outcome = send(packet.build());
    EXPECT_EQ(outcome.verdict, Verdict::Redirect);
    if (frame_source(outcome.frame) == mac(kMember1Mac)) return 0;
    return frame_source(outcome.frame) == mac(kMember2Mac) ? 1 : -1;
  }

  static Packet up() { return Packet().from(kNode).to(kCn).udp(4000, 5004).payload(100); }
  static Packet down() { return Packet().from(kCn).to(kNode).udp(5004, 4000).payload(100); }
  static Packet other_up() { return Packet().from(kNode).to(kCn).tcp(4000, 5004); }

  /// About what it has received, or what it has sent.
  static Packet error(const Packet& quoted, std::string_view from, std::string_view to) {
    Bytes upper{1, 4, 0, 0, 0, 0, 0, 0};
    const Bytes quote = quoted.build();
    upper.insert(upper.end(), quote.begin(), quote.end());
    return Packet().from(from).to(to).upper(58, upper);
  }
  static Bytes icmp(std::string_view from, std::string_view to, const wire::NdMessage& message) {
    return Packet().from(from).to(to).hop_limit(255).upper(58, encode_nd(message, ip(from), ip(to))).build();
  }
  static Bytes octets(std::string_view address) {
    const auto parsed = mac(address);
    return {parsed.octets.begin(), parsed.octets.end()};
  }

  std::unique_ptr<VifDataplane> vif_;
};

}  // namespace flowmob::dataplane::testing
