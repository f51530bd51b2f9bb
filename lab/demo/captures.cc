// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/captures.h"

#include "lab/domain/wait.h"

namespace flowmob::lab {
namespace {

using namespace std::chrono_literals;

/// Where a link is watched: access links at the mobile node, the LMA's links at the MAGs, the rest at the CN.
LinkEnd watched_end(const LinkPlan& link) { return link.emulated() ? link.b : link.a; }

}  // namespace

Result<Captures> Captures::start(const Plan& plan, const std::filesystem::path& directory) {
  Captures captures;
  for (const LinkPlan& link : plan.links()) {
    const LinkEnd end = watched_end(link);
    const auto file = directory / (link.name + ".pcap");
    std::error_code error;
    std::filesystem::remove(file, error);
    auto tcpdump =
        Process::start({.argv = {"tcpdump", "-i", end.interface, "-n", "-U", "--immediate-mode", "-s", "256",
                                 "-B", "8192", "-Z", "root", "--time-stamp-precision=nano", "-w", file},
                        .netns = plan.namespace_of(end.node),
                        .log = plan.file("tcpdump-" + link.name + ".log")});
    if (!tcpdump) return tl::unexpected(tcpdump.error());
    captures.captures_.push_back({link.name, std::move(*tcpdump), PcapReader(file)});
    const auto begun = wait_until("tcpdump on " + link.name, 5s, [&] {
      return std::filesystem::exists(file, error) && std::filesystem::file_size(file, error) > 0;
    });
    if (!begun) return tl::unexpected(begun.error());
  }
  return captures;
}

void Captures::read_into(Observations& observations) {
  for (Capture& capture : captures_) {
    for (const CapturedFrame& frame : capture.reader.read()) observations.add(capture.link, frame);
  }
}

void Captures::stop() {
  for (Capture& capture : captures_) capture.tcpdump.stop();
}

}  // namespace flowmob::lab
