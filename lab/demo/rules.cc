// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/rules.h"

#include <fmt/format.h>

#include "lab/demo/observations.h"

namespace flowmob::lab {
namespace {

constexpr std::string_view kAnchorsRule = R"(
# Each packet by both links; the first copy that arrives counts.
[[policy]]
name = "demo"
default = true

[[policy.rule]]
name = "steering"
match = {{ protocol = "udp", source_port = {} }}
prefer = ["mag1", "mag2"]
redundant = true
hold_down = "1s"
)";

constexpr std::string_view kNodesRule = R"(
# The same upwards.
[[rule]]
name = "steering"
match = {{ protocol = "udp", source_port = {} }}
redundant = true
)";

}  // namespace

std::string with_redundant_flow(std::string_view daemon, std::string file) {
  if (daemon == "lma") return file + fmt::format(kAnchorsRule, kSteeringPort);
  if (daemon == "mn") return file + fmt::format(kNodesRule, kSteeringPort);
  return file;
}

}  // namespace flowmob::lab
