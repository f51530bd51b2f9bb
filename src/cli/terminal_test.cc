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

std::string said(const Error& error, int status) {
  std::FILE* err = std::tmpfile();
  EXPECT_EQ(Terminal(stdout, err).fail_with(error, status), status);
  std::rewind(err);
  std::string text(200, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), err));
  std::fclose(err);
  return text;
}

TEST(Terminal, AnErrorEndsWithItsCode) {
  EXPECT_EQ(said({"has-master", "'if2' is taken\nTake it out."}, kFailed),
            "flowmob: 'if2' is taken [has-master]\nTake it out.\n");
  EXPECT_EQ(said({"usage", "no command 'x'"}, kUsage), "flowmob: no command 'x'\n");
}

}  // namespace
}  // namespace flowmob::cli
