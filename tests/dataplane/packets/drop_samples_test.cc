// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/drop_samples.h"

#include <bpf/libbpf.h>

#include <chrono>

#include "lma_bench.h"
#include "platform/clock.h"
#include "platform/dataplane/mag_dataplane.h"
#include "vif_bench.h"

/// docs/adr/0079: what the programs drop, for whoever looks.
namespace flowmob::dataplane::testing {
namespace {

TimePoint monotonic() { return platform::SystemClock::now().monotonic; }

/// A sample that outlives the call which gave it.
struct Kept {
  std::string reason;
  InterfaceIndex interface;
  bool came_in;
  std::uint32_t length, packets;
  std::uint16_t protocol;
  Bytes octets;
};

class SampleReader {
 public:
  explicit SampleReader(const BpfObject& object) {
    samples_ = DropSamples::open(object, [this](const DropSample& s) {
                 kept_.push_back({std::string(s.reason),
                                  s.interface,
                                  s.came_in,
                                  s.length,
                                  s.packets,
                                  s.protocol,
                                  {s.octets.begin(), s.octets.end()}});
               }).value();
  }
  DropSamples& operator*() { return *samples_; }
  DropSamples* operator->() { return samples_.get(); }
  std::vector<Kept> taken() {
    while (samples_->take()) continue;
    return std::exchange(kept_, {});
  }

 private:
  std::vector<Kept> kept_;
  std::unique_ptr<DropSamples> samples_;
};

class DropSampling : public LmaBench {
 protected:
  static Packet uplink() { return Packet().from(kNode).to(kCn).udp(4000, 5004).payload(100); }
  static Bytes spoofed(std::size_t payload = 100) {
    return uplink().from("2001:db8:101::10").payload(payload).in_tunnel(kMag1, kLma).build();
  }
  bool is_switched_on() const {
    return BpfMap<std::uint32_t, fm_sampling>(lma_->object(), "sampling").get(0)->drops != 0;
  }
};

TEST_F(DropSampling, WhileNobodyLooksThereIsNone) {
  SampleReader reader(lma_->object());
  EXPECT_FALSE(is_switched_on());
  EXPECT_TRUE(dropped(from_access(spoofed()), "spoofed-source"));
  EXPECT_TRUE(reader.taken().empty());
  EXPECT_TRUE(reader->take_unsampled().empty());
}

TEST_F(DropSampling, ADropIsOneSampleWithItsReasonAndOctets) {
  SampleReader reader(lma_->object());
  must(reader->turn_on(monotonic()));
  EXPECT_TRUE(dropped(from_access(spoofed()), "spoofed-source"));
  const auto samples = reader.taken();
  ASSERT_EQ(samples.size(), 1U);
  EXPECT_EQ(samples[0].reason, "spoofed-source");
  EXPECT_EQ(samples[0].interface.value, index_of("acc1"));
  EXPECT_EQ(samples[0].packets, 1U);
  EXPECT_EQ(samples[0].protocol, 0x86dd);
  const auto sent = frame(kAccess1Mac, kPeerMac, spoofed());
  EXPECT_EQ(samples[0].length, sent.size());
  EXPECT_EQ(samples[0].octets, Bytes(sent.begin(), sent.begin() + FM_DROP_SAMPLE_OCTETS));
}

TEST_F(DropSampling, AShortFrameIsTakenWhole) {
  SampleReader reader(lma_->object());
  must(reader->turn_on(monotonic()));
  const auto bare = Packet().from(kNode).to(kCn).udp(4000, 5004).build();
  EXPECT_TRUE(dropped(from_access(bare), "spoofed-source"));
  const auto samples = reader.taken();
  ASSERT_EQ(samples.size(), 1U);
  EXPECT_EQ(samples[0].octets, frame(kAccess1Mac, kPeerMac, bare));
}

TEST_F(DropSampling, ThePlaceIsKnown) {
  SampleReader reader(lma_->object());
  must(reader->turn_on(monotonic()));
  const auto sent = frame(kAccess1Mac, kPeerMac, spoofed());
  run(lma_->object(), "lma_uplink", "acc1", sent, "acc1");
  run(lma_->object(), "lma_uplink", "acc1", sent, "core0");
  const auto samples = reader.taken();
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_TRUE(samples[0].came_in);
  EXPECT_FALSE(samples[1].came_in) << "it came by another";
}

TEST_F(DropSampling, WhatIsAnsweredIsSampledAsItCame) {
  SampleReader reader(lma_->object());
  must(reader->turn_on(monotonic()));
  const auto large = video().payload(1500).build();
  EXPECT_EQ(from_core(large).verdict, Verdict::Redirect) << "Packet Too Big";
  const auto samples = reader.taken();
  ASSERT_EQ(samples.size(), 1U);
  EXPECT_EQ(samples[0].reason, "too-big");
  const auto sent = frame(kCoreMac, kPeerMac, large);
  EXPECT_EQ(samples[0].octets, Bytes(sent.begin(), sent.begin() + FM_DROP_SAMPLE_OCTETS));
}

TEST_F(DropSampling, WhatPassesIsNone) {
  SampleReader reader(lma_->object());
  must(reader->turn_on(monotonic()));
  EXPECT_EQ(from_core(video().build()).verdict, Verdict::Redirect);
  EXPECT_EQ(from_access(uplink().in_tunnel(kMag1, kLma).build()).verdict, Verdict::Pass);
  EXPECT_TRUE(reader.taken().empty());
}

TEST_F(DropSampling, AfterTheEndThereIsNone) {
  SampleReader reader(lma_->object());
  must(reader->turn_on(monotonic()));
  must(reader->turn_off());
  from_access(spoofed());
  EXPECT_TRUE(reader.taken().empty());
}

TEST_F(DropSampling, WhatLiesThereFromBeforeIsNobodys) {
  SampleReader reader(lma_->object());
  must(reader->turn_on(monotonic()));
  from_access(spoofed());
  must(reader->turn_off());
  must(reader->turn_on(monotonic()));
  EXPECT_TRUE(reader.taken().empty());
}

TEST_F(DropSampling, ARestartTurnsItOff) {
  {
    SampleReader reader(lma_->object());
    must(reader->turn_on(monotonic()));
  }
  EXPECT_FALSE(is_switched_on()) << "who ends in order";
  must(BpfMap<std::uint32_t, fm_sampling>(lma_->object(), "sampling").set(0, fm_sampling{1, 0}));
  lma_.reset();  // as if it was killed
  lma_ = LmaDataplane::open(options()).value();
  EXPECT_FALSE(is_switched_on());
}

TEST_F(DropSampling, AFloodIsBoundedAndCounted) {
  SampleReader reader(lma_->object());
  must(reader->turn_on(monotonic()));
  constexpr std::size_t kFlood = 1500;
  const auto began = monotonic();
  for (std::size_t i = 0; i < kFlood; ++i) from_access(spoofed());
  const std::chrono::duration<double> lasted = monotonic() - began;
  const auto samples = reader.taken();
  EXPECT_GE(samples.size(), 50U);
  EXPECT_LE(static_cast<double>(samples.size()), libbpf_num_possible_cpus() * (101 + 100 * lasted.count()))
      << "of each 100 at once, and 100 a second";
  const auto unsampled = reader->take_unsampled();
  ASSERT_TRUE(unsampled.contains("spoofed-source"));
  EXPECT_EQ(unsampled.size(), 1U);
  EXPECT_EQ(samples.size() + unsampled.at("spoofed-source"), kFlood) << "none gets lost uncounted";
  EXPECT_TRUE(reader->take_unsampled().empty()) << "each once";
}

TEST_F(DropSampling, ReasonsAreKnownByTheirNames) {
  EXPECT_TRUE(is_drop_reason("spoofed-source"));
  EXPECT_TRUE(is_drop_reason("own-frame"));
  EXPECT_FALSE(is_drop_reason("spoofed"));
  EXPECT_FALSE(is_drop_reason(""));
}

TEST(DropSamplingOfGateways, IsTheSame) {
  const MagDataplaneOptions options{bpf_directory(), {"acc1"}, {"core0"}, ip(kMag1), false, 64};
  const auto mag = MagDataplane::open(options).value();
  {
    SampleReader reader(mag->object());
    ASSERT_TRUE(reader->turn_on(monotonic()));
    const auto sent =
        frame(kCoreMac, "02:00:00:00:09:01", Packet().from(kNode).to(kCn).udp(1, 2).payload(300).build());
    const auto outcome = run(mag->object(), "mag_uplink", "core0", sent);
    EXPECT_TRUE(dropped_for(outcome, mag->drops(), "no-binding"));
    const auto samples = reader.taken();
    ASSERT_EQ(samples.size(), 1U);
    EXPECT_EQ(samples[0].reason, "no-binding");
    EXPECT_EQ(samples[0].octets, Bytes(sent.begin(), sent.begin() + FM_DROP_SAMPLE_OCTETS));
  }
  EXPECT_TRUE(MagDataplane::teardown(options));
}

TEST_F(Vif, DropsAreSampledToo) {
  SampleReader reader(vif_->object());
  must(reader->turn_on(monotonic()));
  const auto foreign = frame(kPeerMac, kVifMac, Bytes(46, 7), 0x88b5);
  EXPECT_EQ(run(vif_->object(), "vif_egress", "vif0", foreign).verdict, Verdict::Drop);
  const auto samples = reader.taken();
  ASSERT_EQ(samples.size(), 1U);
  EXPECT_EQ(samples[0].reason, "not-ipv6");
  EXPECT_EQ(samples[0].protocol, 0x88b5);
  EXPECT_EQ(samples[0].octets, foreign);
}

}  // namespace
}  // namespace flowmob::dataplane::testing
