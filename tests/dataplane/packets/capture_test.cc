// SPDX-License-Identifier: Apache-2.0
#include "lma_bench.h"
#include "platform/dataplane/mag_dataplane.h"
#include "platform/dataplane/packet_capture.h"
#include "vif_bench.h"

/// docs/adr/0079: packets of the nodes that are captured, and of no other.
namespace flowmob::dataplane::testing {
namespace {

struct KeptPacket {
  std::uint32_t node{}, flow{}, session{}, interface {};
  bool up{};
  std::uint32_t length{};
  Bytes octets;
  friend bool operator==(const KeptPacket&, const KeptPacket&) = default;
};
using KeptPackets = std::vector<KeptPacket>;

class PacketReader {
 public:
  explicit PacketReader(const BpfObject& object) {
    capture_ = PacketCapture::open(object, [this](const CapturedPacket& p) {
                 kept_.push_back({p.node,
                                  p.flow.value,
                                  p.session,
                                  p.interface.value,
                                  p.up,
                                  p.length,
                                  {p.octets.begin(), p.octets.end()}});
               }).value();
  }
  KeptPackets taken() {
    while (capture_->take()) continue;
    return std::exchange(kept_, {});
  }
  std::uint64_t lost() { return capture_->take_lost(); }

 private:
  KeptPackets kept_;
  std::unique_ptr<PacketCapture> capture_;
};

KeptPacket kept(const Bytes& packet, std::uint32_t node, std::uint32_t flow, std::uint32_t session,
                std::string_view interface, bool up) {
  const auto length = std::min<std::size_t>(packet.size(), FM_CAPTURED_OCTETS);
  return {node,
          flow,
          session,
          index_of(interface),
          up,
          static_cast<std::uint32_t>(packet.size()),
          {packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(length)}};
}

class LmaCapture : public LmaBench {
 protected:
  static Bytes up() { return Packet().from(kNode).to(kCn).udp(4000, 5004).payload(100).build(); }
  static Bytes tunnelled_up() {
    return Packet().from(kNode).to(kCn).udp(4000, 5004).payload(100).in_tunnel(kMag1, kLma).build();
  }
  void capture(bool on) {
    must(lma_->set_captured(on ? std::set<NodeIndex>{kNodeIndex} : std::set<NodeIndex>{}));
  }
  fm_node_row row() const {
    const BpfMap<std::uint64_t, fm_node_row> nodes(lma_->object(), "nodes");
    return nodes.get(nodes.keys().at(0)).value();
  }
};

TEST_F(LmaCapture, PacketsAreSeenOutsideOfTheirTunnelsWithFlowAndSession) {
  PacketReader reader(lma_->object());
  capture(true);
  EXPECT_EQ(from_core(video().build()).verdict, Verdict::Redirect);
  EXPECT_EQ(from_core(other().payload(900).build()).verdict, Verdict::Redirect);
  EXPECT_EQ(from_access(tunnelled_up()).verdict, Verdict::Pass);
  EXPECT_EQ(
      reader.taken(),
      (KeptPackets{kept(video().build(), kNodeIndex.value, kVideo.value, kSession1.value, "core0", false),
                   kept(other().payload(900).build(), kNodeIndex.value, kDefault.value, kSession2.value,
                        "core0", false),
                   kept(up(), kNodeIndex.value, kVideo.value, kSession1.value, "acc1", true)}));
  EXPECT_EQ(reader.lost(), 0U);
}

TEST_F(LmaCapture, OnlyWhileItIsAskedFor) {
  PacketReader reader(lma_->object());
  from_core(video().build());
  EXPECT_TRUE(reader.taken().empty());
  capture(true);
  EXPECT_NE(row().uses & FM_NODE_IS_CAPTURED, 0);
  capture(false);
  EXPECT_EQ(row().uses & FM_NODE_IS_CAPTURED, 0);
  from_core(video().build());
  from_access(tunnelled_up());
  EXPECT_TRUE(reader.taken().empty());
}

TEST_F(LmaCapture, OtherNodesAreLeftAlone) {
  PacketReader reader(lma_->object());
  must(lma_->install_node({NodeIndex{32}, {prefix("2001:db8:200::/64")}, kDefault, 1, {}}));
  capture(true);
  EXPECT_EQ(from_core(video().to("2001:db8:200::10").build()).verdict, Verdict::Redirect);
  EXPECT_TRUE(reader.taken().empty());
}

TEST_F(LmaCapture, NewRulesOfTheNodeChangeNothing) {
  PacketReader reader(lma_->object());
  capture(true);
  install_rules({});
  EXPECT_EQ(from_core(video().build()).verdict, Verdict::Redirect);
  EXPECT_EQ(reader.taken().size(), 1U);
}

TEST_F(LmaCapture, ARestartEndsIt) {
  capture(true);
  lma_.reset();
  lma_ = LmaDataplane::open(options()).value();
  install_rules({});
  EXPECT_EQ(row().uses & FM_NODE_IS_CAPTURED, 0);
}

TEST_F(LmaCapture, WhatFindsNoRoomIsCounted) {
  PacketReader reader(lma_->object());
  capture(true);
  constexpr std::size_t kMany = 4000;
  for (std::size_t i = 0; i < kMany; ++i) from_core(video().build());
  const auto seen = reader.taken().size();
  const auto lost = reader.lost();
  EXPECT_GT(lost, 0U);
  EXPECT_EQ(seen + lost, kMany);
  EXPECT_EQ(reader.lost(), 0U) << "each once";
}

TEST(MagCapture, SeesBothWaysOfTheAttachment) {
  const MagDataplaneOptions options{bpf_directory(), {"acc1"}, {"core0"}, ip(kMag1), false, 64};
  const std::string_view node_mac = "02:00:00:00:09:01";
  auto mag = MagDataplane::open(options).value();
  ASSERT_TRUE(mag->install_host({SessionId{41},
                                 InterfaceIndex{index_of("core0")},
                                 mac(node_mac),
                                 mac("02:00:00:00:09:fe"),
                                 {prefix("2001:db8:100::/64")},
                                 ip(kMag1),
                                 ip(kLma),
                                 1460}));
  const auto down = Packet().from(kCn).to(kNode).udp(5004, 4000).payload(100);
  const auto up = Packet().from(kNode).to(kCn).udp(4000, 5004).payload(100).build();
  const auto pass = [&] {
    EXPECT_EQ(run(mag->object(), "mag_downlink", "acc1",
                  frame(kAccess1Mac, kPeerMac, Packet(down).in_tunnel(kLma, kMag1).build()))
                  .verdict,
              Verdict::Redirect);
    EXPECT_EQ(run(mag->object(), "mag_uplink", "core0", frame(kCoreMac, node_mac, up)).verdict,
              Verdict::Redirect);
  };
  {
    PacketReader reader(mag->object());
    pass();
    EXPECT_TRUE(reader.taken().empty());
    ASSERT_TRUE(mag->set_captured({40}));
    pass();
    EXPECT_TRUE(reader.taken().empty()) << "another's";
    ASSERT_TRUE(mag->set_captured({41}));
    pass();
    EXPECT_EQ(reader.taken(), (KeptPackets{kept(down.build(), 41, 0, 41, "acc1", false),
                                           kept(up, 41, 0, 41, "core0", true)}));
    ASSERT_TRUE(mag->set_watches_flows(true));
    pass();
    EXPECT_EQ(reader.taken().size(), 2U) << "flags do not touch each other";
  }
  mag = MagDataplane::open(options).value();
  const BpfMap<std::uint32_t, std::uint32_t> marks(mag->object(), "captured"), flags(mag->object(), "flags");
  EXPECT_TRUE(marks.keys().empty()) << "a start ends it";
  EXPECT_EQ(flags.get(0).value() & FM_MAG_CAPTURES, 0U);
  EXPECT_TRUE(MagDataplane::teardown(options));
}

TEST_F(Vif, ItsPacketsAreCapturedBothWays) {
  PacketReader reader(vif_->object());
  send(up().build());
  EXPECT_TRUE(reader.taken().empty());
  must(vif_->set_captured(true));
  send(up().build());
  receive(0, down().build());
  EXPECT_EQ(reader.taken(), (KeptPackets{kept(up().build(), 0, 0, index_of("if1"), "vif0", true),
                                         kept(down().build(), 0, 0, index_of("if1"), "if1", false)}));
  must(vif_->set_captured(false));
  send(up().build());
  EXPECT_TRUE(reader.taken().empty());
}

}  // namespace
}  // namespace flowmob::dataplane::testing
