// SPDX-License-Identifier: Apache-2.0
#include "lab/probe/endpoint.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <deque>
#include <functional>

#include "lab/probe/packet_log.h"

namespace flowmob::lab {
namespace {

using namespace std::chrono_literals;

/// Two ends on virtual time; each packet takes 20 ms and passes through `fate` (how many copies arrive).
class Pair {
 public:
  std::function<int(bool from_client, std::uint64_t sequence)> fate = [](bool, std::uint64_t) { return 1; };
  Now now{TimePoint{1h}, WallTime{1000h}};
  ProbeEndpoint client{{.session = 7, .parameters = {.rate = 100, .size = 200}}, now};
  ProbeEndpoint server{{.session = 7, .parameters = {.rate = 100, .size = 200}}, now};

  void run(Duration span) {
    for (const TimePoint end = now.monotonic + span; now.monotonic < end; now = now + 1ms) {
      deliver();
      transmit(client, true);
      transmit(server, false);
    }
  }

 private:
  struct UnderWay {
    TimePoint due;
    bool to_server;
    ProbeMessage message;
  };

  void transmit(ProbeEndpoint& from, bool is_client) {
    while (!from.done(now)) {
      const auto packet = from.poll_transmit(now);
      if (!packet) return;
      const auto message = decode_probe(*packet);
      ASSERT_TRUE(message);
      const int copies = message->kind == ProbeMessage::Kind::Data ? fate(is_client, message->sequence) : 1;
      for (int i = 0; i < copies; ++i) wire_.push_back({now.monotonic + 20ms, is_client, *message});
    }
  }

  void deliver() {
    for (; !wire_.empty() && wire_.front().due <= now.monotonic; wire_.pop_front()) {
      const UnderWay& packet = wire_.front();
      (packet.to_server ? server : client)
          .handle_packet(now, now.wall.time_since_epoch().count(), packet.message);
    }
  }

  std::deque<UnderWay> wire_;
};

TEST(ProbeEndpoint, BothDirectionsAtTheAskedRate) {
  Pair pair;
  pair.run(2s);
  EXPECT_EQ(pair.client.sent(), 200U);
  EXPECT_EQ(pair.server.sent(), 200U);
}

TEST(ProbeEndpoint, WhatIsUnderWayAtTheEndIsNotLost) {
  Pair pair;
  pair.run(1s);
  pair.client.stop(pair.now);
  pair.run(1500ms);
  ASSERT_TRUE(pair.client.done(pair.now));
  ASSERT_TRUE(pair.server.done(pair.now));
  const auto report = pair.client.report();
  EXPECT_TRUE(report["complete"]);
  EXPECT_EQ(report["incoming"]["lost"], 0);
  EXPECT_EQ(report["incoming"]["received"], pair.server.sent());
  EXPECT_EQ(report["outgoing"]["lost"], 0);
  EXPECT_EQ(report["outgoing"]["received"], pair.client.sent());
  EXPECT_EQ(report["incoming"]["delay_ms"]["median"], 20.0);
}

TEST(ProbeEndpoint, LossAndDuplicatesAreSeenAtTheRightEnd) {
  Pair pair;
  pair.fate = [](bool from_client, std::uint64_t sequence) {
    if (from_client) return sequence % 10 == 3 ? 0 : 1;
    return sequence == 50 ? 2 : 1;
  };
  pair.run(1s);
  pair.server.stop(pair.now);
  pair.run(1500ms);
  const auto report = pair.client.report();
  EXPECT_EQ(report["outgoing"]["lost"], (pair.client.sent() + 6) / 10);
  EXPECT_EQ(report["incoming"]["lost"], 0);
  EXPECT_EQ(report["incoming"]["duplicated"], 1);
}

TEST(ProbeEndpoint, LossOfTheVeryLastPacketCounts) {
  Pair pair;
  pair.fate = [](bool from_client, std::uint64_t sequence) { return from_client && sequence >= 95 ? 0 : 1; };
  pair.run(1s);
  pair.client.stop(pair.now);
  pair.run(1500ms);
  EXPECT_EQ(pair.server.report()["incoming"]["lost"], pair.client.sent() - 95);
}

TEST(ProbeEndpoint, EndsAloneWhenThePeerIsGone) {
  Pair pair;
  pair.client.stop(pair.now);
  EXPECT_FALSE(pair.client.done(pair.now));
  const Now later = pair.now + 10s;
  ASSERT_TRUE(pair.client.poll_transmit(later));
  EXPECT_TRUE(pair.client.done(later));
  EXPECT_FALSE(pair.client.report()["complete"]);
}

TEST(ProbeEndpoint, AForeignOrAbsurdPacketIsIgnored) {
  Pair pair;
  pair.client.handle_packet(pair.now, 0, {.session = 8, .sequence = 0});
  pair.client.handle_packet(pair.now, 0, {.session = 7, .sequence = 1ULL << 60});
  EXPECT_EQ(pair.client.report()["incoming"]["received"], 0);
}

TEST(ProbeMessage, RefusesWhatIsNotWhole) {
  Bytes octets = encode({.session = 1, .parameters = {.rate = 5, .size = 100}, .sequence = 9, .sent = 11});
  EXPECT_EQ(octets.size(), 100U);
  ASSERT_TRUE(decode_probe(octets));
  EXPECT_EQ(decode_probe(octets)->sequence, 9U);
  for (std::size_t length = 0; length < octets.size(); ++length) {
    EXPECT_FALSE(decode_probe(ByteView(octets).first(length))) << length;
  }
  octets[0] ^= 1;
  EXPECT_FALSE(decode_probe(octets));
}

TEST(PacketLog, ReadsBackWhatWasWrittenAndLeavesOutAnUnfinishedLine) {
  const std::filesystem::path path = testing::TempDir() + "flowmob-packet-log";
  {
    auto log = PacketLog::create(path);
    ASSERT_TRUE(log);
    log->sent({0, 100});
    log->arrived({3, 50, 120});
  }
  std::ofstream(path, std::ios::app) << "rx 4 6";
  const auto history = read_packet_log(path);
  ASSERT_TRUE(history);
  ASSERT_EQ(history->sent.size(), 1U);
  ASSERT_EQ(history->arrived.size(), 1U);
  EXPECT_EQ(history->arrived[0].arrived, 120);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace flowmob::lab
