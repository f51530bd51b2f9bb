// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

namespace flowmob::cli {
namespace {

std::size_t width_of_terminal(unsigned short columns) {
  int ours = -1, theirs = -1;
  ::winsize size{};
  size.ws_row = 24;
  size.ws_col = columns;
  EXPECT_EQ(::openpty(&ours, &theirs, nullptr, nullptr, &size), 0);
  std::FILE* out = ::fdopen(theirs, "w");
  const std::size_t width = Terminal(out).width;
  std::fclose(out);
  ::close(ours);
  return width;
}

TEST(Terminal, LinesAreAsLongAsTheTerminalIsWide) {
  EXPECT_EQ(width_of_terminal(72), 72U);
  EXPECT_EQ(width_of_terminal(250), 250U);
  EXPECT_EQ(width_of_terminal(5), 40U) << "too narrow for any table";
  EXPECT_EQ(width_of_terminal(0), 100U) << "a terminal that does not tell";
}

TEST(Terminal, WhatAnotherProgramReadsIsNotCut) {
  std::FILE* out = std::tmpfile();
  EXPECT_EQ(Terminal(out).width, kUnlimited);
  std::fclose(out);
}

}  // namespace
}  // namespace flowmob::cli
