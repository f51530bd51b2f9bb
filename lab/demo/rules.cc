// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/rules.h"

#include <fmt/format.h>

#include "lab/demo/observations.h"
#include "lab/domain/plan.h"

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

constexpr std::string_view kVideoRule = R"(
[[rule]]
name = "video"
match = {{ protocol = "udp", source_port = {} }}
prefer = ["if1", "if2"]
)";

/// Of a file that is known to have it.
std::string replace(std::string file, std::string_view old, std::string_view by) {
  const auto at = file.find(old);
  return at == file.npos ? file : file.replace(at, old.size(), by);
}

}  // namespace

std::string with_redundant_flow(std::string_view daemon, std::string file) {
  if (daemon == "lma") return file + fmt::format(kAnchorsRule, kSteeringPort);
  if (daemon == "mn") return file + fmt::format(kNodesRule, kSteeringPort);
  return file;
}

std::string with_deciding_node(std::string_view daemon, std::string file) {
  if (daemon == "lma") return replace(std::move(file), "[lma]\n", "[lma]\ndecider = \"mn\"\n");
  if (daemon == "mn")
    return replace(std::move(file), "decider = \"lma\"", "decider = \"mn\"") +
           fmt::format(kVideoRule, kVideoPort);
  return replace(std::move(file), "[[mobile_node]]\n", "[[mobile_node]]\ndecider = \"mn\"\n");
}

}  // namespace flowmob::lab
