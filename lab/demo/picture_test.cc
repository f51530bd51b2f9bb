// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/picture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>

// What fontconfig keeps until the end of the program looks like a leak to the sanitizer.
// NOLINTBEGIN(bugprone-reserved-identifier): the name is the sanitizer's
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libfontconfig\n"; }
// NOLINTEND(bugprone-reserved-identifier)

namespace flowmob::lab {
namespace {

PictureData sample() {
  PictureData data;
  data.seconds = 60;
  data.bin = 0.1;
  data.panels[0].title = "MAG1: 802.16-like, 20 ms, 20 Mbit/s";
  data.panels[1].title = "MAG2: 802.11-like, 3 ms, 50 Mbit/s";
  for (auto& panel : data.panels) panel.mbits.fill(std::vector<double>(600, 0.0));
  for (std::size_t i = 20; i < 580; ++i) {
    const double wobble = std::sin(static_cast<double>(i)) * 0.2;
    const bool failed = i > 300 && i < 380;
    data.panels[i > 150 && i < 230 ? 1 : 0].mbits[0][i] = 2.1;
    data.panels[failed ? 0 : 1].mbits[1][i] = 6.2 + wobble;
    data.panels[failed ? 0 : 1].mbits[2][i] = 0.1;
    const bool steers = i > 280 && i < 430;
    data.panels[0].mbits[3][i] = steers ? 0.8 : 0;
    data.panels[1].mbits[3][i] = steers && !failed ? 0.8 : 0;
    data.video_delay.push_back({static_cast<double>(i) * 0.1, i > 150 && i < 230 ? 9.1 : 26.2});
  }
  data.events = {{2, "start", 0},
                 {15, "move video to MAG2", 0},
                 {23, "move video back", 0},
                 {30, "MAG2 link fails", 38},
                 {38, "restored", 0},
                 {46, "LMA killed", 50},
                 {50, "restarted", 0}};
  data.subtitle = "a sample";
  return data;
}

TEST(Picture, IsAPngOfTheRightKind) {
  // Set FLOWMOB_KEEP_PICTURE to a path to look at it.
  const char* keep = std::getenv("FLOWMOB_KEEP_PICTURE");
  const std::filesystem::path path = keep != nullptr ? keep : testing::TempDir() + "flowmob-picture.png";
  ASSERT_TRUE(draw_picture(sample(), path));
  std::ifstream file(path, std::ios::binary);
  std::string head(8, '\0');
  file.read(head.data(), 8);
  EXPECT_EQ(head, "\x89PNG\r\n\x1a\n");
  EXPECT_GT(std::filesystem::file_size(path), 10'000U);
  if (keep == nullptr) std::filesystem::remove(path);
}

TEST(Picture, SaysWhenItCannotBeWritten) {
  const auto drawn = draw_picture(sample(), "/nonexistent/picture.png");
  ASSERT_FALSE(drawn);
  EXPECT_EQ(drawn.error().code, "write-failed");
}

}  // namespace
}  // namespace flowmob::lab
