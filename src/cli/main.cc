// SPDX-License-Identifier: Apache-2.0
#include "cli/program.h"
#include "lab/lab.h"

int main(int argc, char** argv) {
  flowmob::cli::Terminal terminal;
  return flowmob::cli::run({argv + 1, argv + argc}, terminal, {.lab = flowmob::lab::lab_main});
}
