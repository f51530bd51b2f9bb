// SPDX-License-Identifier: Apache-2.0
#include "cli/capture.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/address.h"
#include "capture/capture_parser.h"
#include "capture/packet.h"

namespace flowmob::cli {
namespace {

Json captured(const char* interface, const char* direction, const char* octets) {
  return {{"event", "packet"},
          {"time_ns", 1'700'000'000'123'456'789},
          {"interface", interface},
          {"direction", direction},
          {"length", 1400},
          {"octets", octets},
          {"flow", "video"},
          {"mag", "mag1"},
          {"session", 7}};
}

std::vector<capture::CapturedFrame> frames_in(const Bytes& file) {
  capture::CaptureParser parser;
  parser.feed(file);
  std::vector<capture::CapturedFrame> frames;
  for (auto next = parser.next(); next && *next; next = parser.next()) frames.push_back(**next);
  EXPECT_FALSE(parser.finish());
  return frames;
}

std::size_t interfaces_in(const Bytes& file) {
  std::size_t count = 0;
  for (std::size_t at = 0; at + 8 <= file.size();) {
    const auto word = [&](std::size_t place) {
      std::uint32_t value = 0;
      std::memcpy(&value, file.data() + place, sizeof value);
      return value;
    };
    count += word(at) == 1;
    at += word(at + 4);
  }
  return count;
}

TEST(CaptureBlocks, AnInterfaceOfTheFileIsOneOfTheKernelAndADirection) {
  CaptureBlocks blocks(192);
  Bytes file = CaptureBlocks::opening();
  for (const auto& event : {captured("core0", "down", "6001"), captured("acc1", "up", "6002"),
                            captured("core0", "down", "6003"), captured("core0", "up", "6004")})
    append(file, blocks.packet(event).value());
  EXPECT_EQ(interfaces_in(file), 3U);
  append(file, blocks.closing(5));
  const auto frames = frames_in(file);
  ASSERT_EQ(frames.size(), 4U);
  EXPECT_EQ(to_hex(frames[2].octets), "6003");
  EXPECT_EQ(frames[2].time, 1'700'000'000'123'456'789);
  EXPECT_EQ(frames[2].length, 1400U);
  EXPECT_EQ(frames[2].link_type, capture::kRaw);
}

TEST(CaptureBlocks, WhatIsNoPacketIsAnError) {
  CaptureBlocks blocks(192);
  for (const char* missing : {"time_ns", "length", "octets"}) {
    auto event = captured("core0", "down", "60");
    event[missing] = "x";
    EXPECT_EQ(blocks.packet(event).error().code, "bad-event") << missing;
  }
  EXPECT_TRUE(blocks.closing(0).empty()) << "there is no interface";
}

TEST(CommentOf, SaysTheWay) {
  EXPECT_EQ(comment_of(captured("core0", "down", "60")), "flow video, mag1, session 7");
  EXPECT_EQ(comment_of({{"flow", nullptr}, {"session", 3}, {"remote", "2001:db8:f::1"}}),
            "tunnel to 2001:db8:f::1, session 3");
  EXPECT_EQ(comment_of({{"member", "if1"}}), "by if1");
  EXPECT_EQ(comment_of({{"event", "packet"}}), "");
}

}  // namespace
}  // namespace flowmob::cli
