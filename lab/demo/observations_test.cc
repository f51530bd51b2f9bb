// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/observations.h"

#include <gtest/gtest.h>

#include "lab/demo/frame_for_test.h"

namespace flowmob::lab {
namespace {

using namespace test;
constexpr std::string_view kCorrespondent = "2001:db8:c::10", kNode = "2001:db8:100::1";

class ObservationsTest : public testing::Test {
 protected:
  void see(std::string_view link, Nanoseconds ms, const Bytes& packet) {
    const Bytes frame = ethernet(packet);
    observations.add(link, {ms * kMillisecond, static_cast<std::uint32_t>(frame.size()), frame});
  }
  static Bytes request(std::uint16_t sequence) {
    return ipv6(kNode, kCorrespondent, kIcmp6, echo(true, 1, sequence));
  }
  static Bytes data(std::uint32_t sequence, std::uint32_t payload) {
    return ipv6(kCorrespondent, kNode, kTcp, tcp({.sequence = sequence, .timestamp = 9}), 32 + payload);
  }
  FlowSummary summary(FlowKind flow, Way way) const {
    const FlowTrack track = observations.track(flow, way);
    return summarize_window(track.sent, track.arrivals, 0, 1000 * kMillisecond);
  }

  Observations observations{Ipv6Prefix::parse("2001:db8:100::/48").value(),
                            Ipv6Address::parse(kCorrespondent).value()};
};

TEST_F(ObservationsTest, EchoRequestsAreMatchedFromLinkToCorrespondent) {
  for (std::uint16_t i = 0; i < 5; ++i) {
    const Nanoseconds when = Nanoseconds{i} * 20;
    see(i < 3 ? "mag2-mn" : "mag1-mn", when, request(i));
    if (i != 2) see("cn-lma", when + 8, request(i));
  }
  const FlowSummary up = summary(FlowKind::Ping, Way::Up);
  EXPECT_EQ(up.sent, 5U);
  EXPECT_EQ(up.lost, 1U);
  EXPECT_EQ(up.delay.median, 8 * kMillisecond);
  EXPECT_EQ(summary(FlowKind::Ping, Way::Down).sent, 0U);
  const auto frames = observations.frames_per_access(FlowKind::Ping, Way::Up, 0, 1000 * kMillisecond);
  EXPECT_EQ(frames[0], 2U);
  EXPECT_EQ(frames[1], 3U);
}

TEST_F(ObservationsTest, ALossKnowsWhenItLeftAndUpwardsOnWhichLink) {
  see("mag2-mn", 1, request(1));
  see("mag1-mn", 2, request(2));
  see("mag2-mn", 3, request(3));
  see("cn-lma", 9, request(1));
  see("cn-lma", 10, data(1000, 500));
  const auto up = losses_within(observations.track(FlowKind::Ping, Way::Up), 0, 1000 * kMillisecond);
  ASSERT_EQ(up.size(), 2U);
  EXPECT_EQ(up[0].sent, 2 * kMillisecond);
  EXPECT_EQ(up[0].access, 0U);
  EXPECT_EQ(up[1].access, 1U);
  EXPECT_EQ(losses_within(observations.track(FlowKind::Ping, Way::Up), 0, 3 * kMillisecond).size(), 1U);
  const auto down = losses_within(observations.track(FlowKind::Download, Way::Down), 0, 1000 * kMillisecond);
  ASSERT_EQ(down.size(), 1U);
  EXPECT_FALSE(down[0].access);
}

TEST_F(ObservationsTest, WhichCaptureIsReadFirstDoesNotReorder) {
  see("mag1-mn", 2, request(2));
  see("mag2-mn", 1, request(1));
  see("cn-lma", 9, request(1));
  see("cn-lma", 27, request(2));
  EXPECT_EQ(summary(FlowKind::Ping, Way::Up).sent, 2U);
  EXPECT_EQ(summary(FlowKind::Ping, Way::Up).reordered, 0U);
}

TEST_F(ObservationsTest, AnArrivalTooManyIsADuplicate) {
  see("mag1-mn", 1, request(1));
  see("cn-lma", 2, request(1));
  see("cn-lma", 3, request(1));
  EXPECT_EQ(summary(FlowKind::Ping, Way::Up).duplicated, 1U);
  EXPECT_EQ(summary(FlowKind::Ping, Way::Up).lost, 0U);
}

TEST_F(ObservationsTest, AnArrivalThatNobodySawLeaveIsToldApart) {
  see("mag1-mn", 1, request(1));
  see("cn-lma", 2, request(1));
  see("cn-lma", 3, request(2));
  const FlowTrack track = observations.track(FlowKind::Ping, Way::Up);
  EXPECT_EQ(track.unmatched, std::vector<Nanoseconds>{3 * kMillisecond});
  EXPECT_EQ(track.arrivals.size(), 1U);
}

TEST_F(ObservationsTest, OneLargeUnitArrivesAsSegments) {
  see("cn-lma", 1, data(100, 3500));
  see("mag2-mn", 9, data(100, 1400));
  see("mag2-mn", 9, data(1500, 1400));
  see("mag2-mn", 10, data(2900, 700));
  see("cn-lma", 20, data(3600, 2800));
  see("mag2-mn", 28, data(3600, 1400));
  const FlowSummary down = summary(FlowKind::Download, Way::Down);
  EXPECT_EQ(down.sent, 5U);
  EXPECT_EQ(down.lost, 1U);
  EXPECT_EQ(down.duplicated, 0U);
}

TEST_F(ObservationsTest, NothingArrivedIsAllLost) {
  see("cn-lma", 1, data(100, 3500));
  EXPECT_EQ(summary(FlowKind::Download, Way::Down).received, 0U);
  EXPECT_GT(summary(FlowKind::Download, Way::Down).lost, 0U);
}

TEST_F(ObservationsTest, SignallingIsCountedAndTimedOnTheMagsLinks) {
  const auto ask = [&](std::string_view link, Nanoseconds ms, std::uint16_t sequence,
                       std::uint16_t lifetime) {
    see(link, ms, ipv6("2001:db8:b::1", "2001:db8:f::1", kMobility, binding_update(sequence, lifetime)));
  };
  const auto answer = [&](std::string_view link, Nanoseconds ms, std::uint16_t sequence) {
    see(link, ms, ipv6("2001:db8:f::1", "2001:db8:b::1", kMobility, binding_acknowledgement(0, sequence, 0)));
  };
  ask("lma-mag2", 100, 1, 900);
  ask("lma-mag1", 101, 1, 900);
  answer("lma-mag2", 111, 1);
  answer("lma-mag1", 113, 1);
  ask("lma-mag2", 500, 2, 0);
  answer("lma-mag2", 510, 2);
  const auto all = summarize_signalling(observations.signalling(), 0, 1000 * kMillisecond);
  EXPECT_EQ(all.messages, 6U);
  EXPECT_EQ(all.octets, 6 * 56U);
  ASSERT_EQ(all.exchanges.size(), 3U);
  EXPECT_EQ(all.pbu_to_pba(), 12 * kMillisecond);
  const auto last = summarize_signalling(observations.signalling(), 400 * kMillisecond, 1000 * kMillisecond);
  ASSERT_EQ(last.exchanges.size(), 1U);
  EXPECT_EQ(last.exchanges[0].lifetime, 0);
  EXPECT_EQ(to_json(last)["pbu_to_pba_ms"], 10.0);
  EXPECT_TRUE(to_json(summarize_signalling({}, 0, 1))["pbu_to_pba_ms"].is_null());
}

TEST_F(ObservationsTest, EachCopyCountsOnItsLink) {
  Bytes udp;
  for (const int port : {kSteeringPort, 40000}) put(udp, static_cast<std::uint64_t>(port), 2);
  put(udp, 40, 2);
  udp.resize(40);
  see("mag2-mn", 8, ipv6(kCorrespondent, kNode, kUdp, udp));
  see("mag1-mn", 25, ipv6(kCorrespondent, kNode, kUdp, udp));
  const auto frames = observations.frames_per_access(FlowKind::Steering, Way::Down, 0, 1000 * kMillisecond);
  EXPECT_EQ(frames, (std::array<std::uint64_t, 2>{1, 1}));
  const auto first =
      observations.first_per_access(FlowKind::Steering, Way::Down, 10 * kMillisecond, 1000 * kMillisecond);
  EXPECT_EQ(first[0], 25 * kMillisecond);
  EXPECT_FALSE(first[1]) << "that was before";
  for (const std::size_t access : {0U, 1U})
    EXPECT_FALSE(observations.bins(access, FlowKind::Steering).empty());
}

TEST_F(ObservationsTest, ForeignTrafficDoesNotCount) {
  see("mag1-mn", 1, ipv6("fe80::1", "ff02::1", kIcmp6, echo(true, 1, 1)));
  see("mag1-mn", 1, ipv6("2001:db8:200::1", kCorrespondent, kIcmp6, echo(true, 1, 1)));
  see("mag1-mn", 1, ipv6("2001:db8:f::1", kNode, kIcmp6, echo(true, 1, 1)));
  see("mag1-mn", 2, ipv6(kNode, "2001:db8:f::1", kIcmp6, echo(false, 1, 1)));
  EXPECT_EQ(summary(FlowKind::Ping, Way::Up).sent, 0U);
  EXPECT_TRUE(observations.track(FlowKind::Ping, Way::Down).unmatched.empty());
  EXPECT_TRUE(observations.bins(0, FlowKind::Ping).empty());
}

TEST(PcapReader, ReadsAFileThatStillGrows) {
  const std::filesystem::path path = testing::TempDir() + "flowmob-growing.pcap";
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  const auto put32 = [&](std::uint32_t v) { file.write(reinterpret_cast<const char*>(&v), sizeof v); };
  PcapReader reader(path);
  EXPECT_TRUE(reader.read().empty());
  for (const std::uint32_t word : {0xa1b23c4dU, 0U, 0U, 0U, 0U, 1U}) put32(word);
  for (const std::uint32_t word : {7U, 5U, 4U, 1500U}) put32(word);
  file.write("ab", 2).flush();
  EXPECT_TRUE(reader.read().empty()) << "half a record";
  file.write("cd", 2).flush();
  const auto frames = reader.read();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].time, 7'000'000'005);
  EXPECT_EQ(frames[0].length, 1500U);
  EXPECT_EQ(frames[0].octets, (Bytes{'a', 'b', 'c', 'd'}));
  EXPECT_TRUE(reader.read().empty());
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace flowmob::lab
