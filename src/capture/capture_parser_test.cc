// SPDX-License-Identifier: Apache-2.0
#include "capture/capture_parser.h"

#include <gtest/gtest.h>

#include "base/address.h"

namespace flowmob::capture {
namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }

struct Outcome {
  std::vector<CapturedFrame> frames;
  std::string error;
};

Outcome read_all(CaptureParser& parser) {
  Outcome outcome;
  for (;;) {
    auto frame = parser.next();
    if (!frame) outcome.error = frame.error().code;
    if (!frame || !*frame) break;
    outcome.frames.push_back(std::move(**frame));
  }
  if (outcome.error.empty())
    if (auto error = parser.finish()) outcome.error = error->code;
  return outcome;
}
Outcome read_all(const Bytes& file) {
  CaptureParser parser;
  parser.feed(file);
  return read_all(parser);
}

/// Two frames: aabb of 4 octets at 1.000002 s (000002 of whatever unit), cc at 2 s.
const char* const kLittle =
    "d4c3b2a1 0200 0400 00000000 00000000 00000400 01000000"
    "01000000 02000000 02000000 04000000 aabb  02000000 00000000 01000000 01000000 cc";
const char* const kBigNano =
    "a1b23c4d 0002 0004 00000000 00000000 00040000 000000e5"
    "00000001 00000002 00000002 00000004 aabb  00000002 00000000 00000001 00000001 cc";
/// A section, an interface of Ethernet with if_tsresol 9, a frame, an unknown block, a frame.
const char* const kPcapng =
    "0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000"
    "01000000 20000000 0100 0000 00000400 0900 0100 09000000 0000 0000 20000000"
    "06000000 24000000 00000000 00000000 02ca9a3b 02000000 04000000 aabb0000 24000000"
    "99000000 10000000 12345678 10000000"
    "06000000 24000000 00000000 00000000 00943577 01000000 01000000 cc000000 24000000";

TEST(CaptureParser, PcapOfBothByteOrdersAndUnits) {
  for (const auto& [file, unit, link] : {std::tuple{kLittle, 1000, 1}, std::tuple{kBigNano, 1, 229}}) {
    const auto outcome = read_all(hex(file));
    EXPECT_EQ(outcome.error, "");
    ASSERT_EQ(outcome.frames.size(), 2U);
    EXPECT_EQ(outcome.frames[0].time, 1'000'000'000 + 2 * unit);
    EXPECT_EQ(outcome.frames[0].octets, hex("aabb"));
    EXPECT_EQ(outcome.frames[0].length, 4U);
    EXPECT_EQ(outcome.frames[0].link_type, static_cast<std::uint32_t>(link));
    EXPECT_EQ(outcome.frames[1].time, 2'000'000'000);
    EXPECT_EQ(outcome.frames[1].octets, hex("cc"));
  }
}

TEST(CaptureParser, Pcapng) {
  const auto outcome = read_all(hex(kPcapng));
  EXPECT_EQ(outcome.error, "");
  ASSERT_EQ(outcome.frames.size(), 2U);
  EXPECT_EQ(outcome.frames[0].time, 1'000'000'002);
  EXPECT_EQ(outcome.frames[0].octets, hex("aabb"));
  EXPECT_EQ(outcome.frames[0].link_type, 1U);
  EXPECT_EQ(outcome.frames[1].time, 2'000'000'000);
}

TEST(CaptureParser, OctetByOctetIsTheSameAsAtOnce) {
  for (const char* file : {kLittle, kBigNano, kPcapng}) {
    CaptureParser parser;
    std::size_t frames = 0;
    for (const std::uint8_t octet : hex(file)) {
      parser.feed(Bytes{octet});
      while (parser.next().value()) ++frames;
    }
    EXPECT_EQ(frames, 2U);
    EXPECT_FALSE(parser.finish());
  }
}

TEST(CaptureParser, EveryTruncationKeepsWhatIsWholeAndSaysSo) {
  for (const char* text : {kLittle, kBigNano, kPcapng}) {
    const Bytes file = hex(text);
    for (std::size_t length = 0; length < file.size(); ++length) {
      const auto outcome = read_all(Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(length)));
      EXPECT_LE(outcome.frames.size(), 1U);
      EXPECT_TRUE(outcome.error.empty() || outcome.error == "truncated-capture" ||
                  outcome.error == "not-a-capture")
          << outcome.error;
      EXPECT_TRUE(length >= 4 || outcome.error == "not-a-capture") << length;
    }
  }
  EXPECT_EQ(read_all(hex(kLittle + std::string("00"))).error, "truncated-capture");
}

TEST(CaptureParser, GiantLengthsAreDamage) {
  const std::string header = "d4c3b2a1 0200 0400 00000000 00000000 00000400 01000000";
  EXPECT_EQ(read_all(hex(header + "01000000 02000000 ffffffff 04000000 aabb")).error, "bad-capture");
  EXPECT_EQ(read_all(hex(header + "01000000 02000000 00000000 00000000")).frames.size(), 1U)
      << "an empty frame";
  const std::string section = "0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000";
  for (const char* block :
       {"06000000 ffffffff 00000000", "06000000 00000000 00000000", "06000000 0b000000 00000000",
        "06000000 0d000000 00000000 00", "06000000 10000000 00000000 14000000", "01000000 0c000000 0c000000",
        "06000000 10000000 00000000 10000000",
        "06000000 20000000 00000000 00000000 00000000 00000000 00000000 20000000"})
    EXPECT_EQ(read_all(hex(section + block)).error, "bad-capture") << block;
}

TEST(CaptureParser, APacketMayNotLeaveItsBlock) {
  std::string file = kPcapng;
  file.replace(file.find("02000000 04000000 aabb"), 8, "05000000");
  EXPECT_EQ(read_all(hex(file)).error, "bad-capture");
}

TEST(CaptureParser, OtherFiles) {
  EXPECT_EQ(read_all(hex("")).error, "not-a-capture");
  EXPECT_EQ(read_all(hex("7f454c46 02010100")).error, "not-a-capture");
  EXPECT_EQ(read_all(hex("0a0d0d0a 1c000000 00000000 0100 0000 ffffffffffffffff 1c000000")).error,
            "bad-capture");
}

}  // namespace
}  // namespace flowmob::capture
