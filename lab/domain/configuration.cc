// SPDX-License-Identifier: Apache-2.0
// The daemons' TOML files, as a person would write them: `flowmob lab up` leaves them to be read.
#include <fmt/format.h>

#include "lab/domain/plan.h"

namespace flowmob::lab {
namespace {

std::string paths(const Plan& plan, std::string_view daemon) {
  return fmt::format(
      "control = \"{}\"\n"
      "state = \"{}\"\n"
      "bpf = \"{}\"\n",
      plan.control_socket(daemon).string(), plan.file(std::string(daemon) + ".db").string(),
      (plan.bpf_directory() / daemon).string());
}

std::string lma(const Plan& plan) {
  return fmt::format(R"(# The local mobility anchor.
[lma]
name = "lma"
address = "{lma}"
core_interfaces = ["core0"]
access_interfaces = ["acc1", "acc2"]
pools = ["{pool}"]
tunnel_mtu = 1460
{paths}
[[mag]]
name = "mag1"
address = "{mag1}"
security = "none"

[[mag]]
name = "mag2"
address = "{mag2}"
security = "none"

# A session that asks for "video" takes the flow of that name; all the rest goes where "internet" is.
[[service]]
identifier = "video"
name = "video"

[[service.flow]]
name = "video"
priority = 10
protocol = "udp"
source = "2001:db8:c::/64"
source_port = "{video}-{video_end}"

[[service]]
identifier = "internet"
name = "internet"
default = true

[[mobile_node]]
id = "{mn}"
link_layer = ["02:00:00:00:01:01", "02:00:00:00:01:02"]
services = ["video", "internet"]
mags = ["mag1", "mag2"]
)",
                     fmt::arg("lma", address::kLma), fmt::arg("pool", address::kPool),
                     fmt::arg("mag1", address::kMag1), fmt::arg("mag2", address::kMag2),
                     fmt::arg("mn", kMobileNode), fmt::arg("video", kVideoPort),
                     fmt::arg("video_end", kVideoPort + 1), fmt::arg("paths", paths(plan, "lma")));
}

struct MagFacts {
  std::string_view name, address, access, technology, service;
};

std::string mag(const Plan& plan, const MagFacts& facts) {
  return fmt::format(R"(# A mobile access gateway with one access link.
[mag]
name = "{name}"
address = "{address}"
transport_interfaces = ["net0"]
neighbor_probe_interval = "1s"
neighbor_probes = 2
{paths}
[lma]
address = "{lma}"
security = "none"

[[access]]
name = "{access}"
interface = "acc0"
technology = "{technology}"
services = ["{service}"]
handoff_indicator = "sharing"
attach_on = ["router-solicitation", "carrier"]

[[mobile_node]]
id = "{mn}"
link_layer = ["02:00:00:00:01:01", "02:00:00:00:01:02"]
)",
                     fmt::arg("name", facts.name), fmt::arg("address", facts.address),
                     fmt::arg("lma", address::kLma), fmt::arg("access", facts.access),
                     fmt::arg("technology", facts.technology), fmt::arg("service", facts.service),
                     fmt::arg("mn", kMobileNode), fmt::arg("paths", paths(plan, facts.name)));
}

std::string mn(const Plan& plan) {
  return fmt::format(R"(# The mobile node: two links under one interface.
[mn]
name = "mn"
interface = "{vif}"
mac = "member"
decider = "lma"
control = "{control}"
bpf = "{bpf}"

[[member]]
interface = "if1"
technology = "802.16e"

[[member]]
interface = "if2"
technology = "802.11"
)",
                     fmt::arg("vif", kVirtualInterface),
                     fmt::arg("control", plan.control_socket("mn").string()),
                     fmt::arg("bpf", (plan.bpf_directory() / "mn").string()));
}

}  // namespace

std::string configuration_of(const Plan& plan, std::string_view daemon) {
  if (daemon == "lma") return lma(plan);
  if (daemon == "mag1") return mag(plan, {"mag1", address::kMag1, "wimax", "802.16e", "video"});
  if (daemon == "mag2") return mag(plan, {"mag2", address::kMag2, "wlan", "802.11", "internet"});
  return mn(plan);
}

}  // namespace flowmob::lab
