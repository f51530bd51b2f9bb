// SPDX-License-Identifier: Apache-2.0
#include "capture/pcapng_writer.h"

#include <gtest/gtest.h>

#include <bit>

#include "base/address.h"
#include "capture/capture_parser.h"
#include "capture/packet.h"

namespace flowmob::capture {
namespace {

using std::chrono::nanoseconds;

const Bytes kOctets{0x60, 1, 2, 3, 4};
const pcapng::Packet kPacket{
    1,           WallTime(nanoseconds(1'700'000'000'123'456'789)), 1400, kOctets, pcapng::Direction::Outbound,
    "flow video"};

Bytes joined(std::initializer_list<Bytes> blocks) {
  Bytes file;
  for (const auto& block : blocks) append(file, block);
  return file;
}

Bytes whole() {
  return joined({pcapng::section_block("flowmob 1"), pcapng::interface_block("eth0", "down", 192),
                 pcapng::interface_block("eth1", "", 192), pcapng::packet_block(kPacket),
                 pcapng::statistics_block(1, kPacket.time, 5, 2)});
}

std::vector<CapturedFrame> frames_of(const Bytes& file) {
  CaptureParser parser;
  parser.feed(file);
  std::vector<CapturedFrame> frames;
  for (auto next = parser.next();; next = parser.next()) {
    EXPECT_TRUE(next) << next.error().message;
    if (!next || !*next) break;
    frames.push_back(**next);
  }
  EXPECT_FALSE(parser.finish());
  return frames;
}

TEST(PcapngWriter, WhatIsWrittenIsReadAgain) {
  const auto frames = frames_of(whole());
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].time, 1'700'000'000'123'456'789);
  EXPECT_EQ(frames[0].length, 1400U);
  EXPECT_EQ(frames[0].octets, kOctets);
  EXPECT_EQ(frames[0].link_type, kRaw);
}

/// Octet by octet as the draft has it, on a machine that has the smallest octet first.
TEST(PcapngWriter, BlocksAreThoseOfTheDraft) {
  if constexpr (std::endian::native != std::endian::little) GTEST_SKIP() << "the other byte order";
  EXPECT_EQ(to_hex(pcapng::section_block("")),
            "0a0d0d0a"
            "20000000"
            "4d3c2b1a"
            "0100"
            "0000"
            "ffffffffffffffff"
            "00000000"
            "20000000");
  EXPECT_EQ(to_hex(pcapng::interface_block("eth0", "down!", 192)),
            "01000000"
            "34000000"
            "6500"
            "0000"
            "c0000000"
            "02000400"
            "65746830"
            "03000500"
            "646f776e21000000"
            "09000100"
            "09000000"
            "00000000"
            "34000000");
  EXPECT_EQ(to_hex(pcapng::packet_block(kPacket)),
            "06000000"
            "44000000"
            "01000000"
            "fe9c9717"
            "15cd853d"
            "05000000"
            "78050000"
            "6001020304000000"
            "01000a00"
            "666c6f7720766964656f0000"
            "02000400"
            "02000000"
            "00000000"
            "44000000");
  EXPECT_EQ(to_hex(pcapng::statistics_block(1, kPacket.time, 5, 2)),
            "05000000"
            "34000000"
            "01000000"
            "fe9c9717"
            "15cd853d"
            "04000800"
            "0500000000000000"
            "05000800"
            "0200000000000000"
            "00000000"
            "34000000");
}

TEST(PcapngWriter, AFileThatEndsBehindAnyBlockIsWhole) {
  EXPECT_TRUE(frames_of(pcapng::section_block("flowmob")).empty());
  EXPECT_TRUE(
      frames_of(joined({pcapng::section_block("flowmob"), pcapng::interface_block("a", "b", 1)})).empty());
}

TEST(PcapngWriter, ATextThatIsTooLongIsCut) {
  auto packet = kPacket;
  packet.comment = std::string(100'000, 'x');
  const auto frames = frames_of(joined({pcapng::section_block("flowmob"), pcapng::interface_block("a", "", 1),
                                        pcapng::interface_block("b", "", 1), pcapng::packet_block(packet)}));
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].octets, kOctets);
}

}  // namespace
}  // namespace flowmob::capture
