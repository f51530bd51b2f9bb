// SPDX-License-Identifier: Apache-2.0
// `flowmob lab` without the rest of the command line, for working on the lab itself.
#include "lab/lab.h"

int main(int argc, char** argv) { return flowmob::lab::lab_main({argv + 1, argv + argc}); }
