// SPDX-License-Identifier: Apache-2.0
#include "lab/wire/command_line.h"

namespace flowmob::lab {

WireCommandLine::WireCommandLine()
    : app("Joins two interfaces as if a cable with delay, jitter, loss and a rate lay between them.\n"
          "PARAMETERS are delay=20ms,jitter=1ms,loss=0.5%,rate=20mbit,queue=256k: any of them.",
          "flowmob-wire") {
  app.add_option("--a", wire.a, "one interface")->required();
  app.add_option("--b", wire.b, "the other interface")->required();
  app.add_option("--netns", netns, "network namespace of both (ip netns)");
  app.add_option("--both", both, "PARAMETERS of both directions");
  app.add_option("--a-to-b", a_to_b, "PARAMETERS of one direction, on top of --both");
  app.add_option("--b-to-a", b_to_a, "PARAMETERS of one direction, on top of --both");
  app.add_option("--engine", engine, "userspace, netem, or auto: netem where the kernel has it")
      ->check(CLI::IsMember({"auto", "netem", "userspace"}));
  app.add_option("--control", control, "unix socket for status, set, down, up (JSON lines)");
  app.add_option("--seed", wire.seed, "seed of loss and jitter (userspace engine)");
}

}  // namespace flowmob::lab
