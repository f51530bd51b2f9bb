// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <gtest/gtest.h>

#include <sstream>

namespace flowmob::cli {
namespace {

TEST(TextTable, AlignsColumnsAndEndsNoLineInASpace) {
  TextTable table({{"MN-ID"}, {"PACKETS", true}, {"FLOW"}});
  table.add({"mn1", "7", "video"});
  table.add({"mn22@example", "1234567890"});
  EXPECT_EQ(table.render(100, false),
            "MN-ID            PACKETS  FLOW\n"
            "mn1                    7  video\n"
            "mn22@example  1234567890\n");
}

TEST(TextTable, EmptyCellsKeepTheColumnsInPlace) {
  TextTable table({{"A"}, {"B", true}, {"C"}});
  table.add({"", "", "x"});
  table.add({"1", "22", "y"});
  EXPECT_EQ(table.render(100, false),
            "A   B  C\n"
            "       x\n"
            "1  22  y\n");
}

TEST(TextTable, ShrinksOnlyWhatMayShrinkAndWidestFirst) {
  TextTable table({{"ID", false, true}, {"ADDRESS"}, {"NAME", false, true}});
  table.add({std::string(60, 'i'), std::string(39, 'a'), std::string(30, 'n')});
  std::istringstream lines(table.render(100, false));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(display_width(line), 100u) << line;
    if (line.starts_with('i')) {
      EXPECT_NE(line.find(std::string(39, 'a')), std::string::npos);
    }
  }
}

TEST(TextTable, WidthCountsCharacters) {
  TextTable table({{"NAME"}, {"N"}});
  table.add({"zwölf", "1"});
  table.add({"drei", "2"});
  EXPECT_EQ(table.render(100, false), "NAME   N\nzwölf  1\ndrei   2\n");
}

TEST(TextTable, CutsBetweenCharacters) {
  TextTable table({{"N", false, true}});
  table.add({"ööööööööööööö"});
  EXPECT_EQ(table.render(9, false), "N\nöööööööö…\n");
}

TEST(TextTable, ColourOnlyOnRequestAndOutsideTheAlignment) {
  TextTable table({{"A"}, {"B"}});
  table.add({{"down", Style::Bad}, "x"});
  EXPECT_EQ(table.render(100, false), "A     B\ndown  x\n");
  EXPECT_EQ(table.render(100, true), "\x1b[1mA\x1b[0m     \x1b[1mB\x1b[0m\n\x1b[31mdown\x1b[0m  x\n");
}

TEST(Printable, NothingFromTheWireReachesTheTerminalRaw) {
  EXPECT_EQ(printable("video"), "video");
  EXPECT_EQ(printable("zwölf €"), "zwölf €");
  EXPECT_EQ(printable("a\x1b[31mb\n"), "a\\x1b[31mb\\x0a");
  EXPECT_EQ(printable("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(printable("\xc3"), "\\xc3");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b") << "C1 control characters too";
  EXPECT_EQ(printable(std::string_view("\x05video\x00", 7)), "\\x05video\\x00");
}

}  // namespace
}  // namespace flowmob::cli
