// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/captures.h"

#include <fstream>
#include <iterator>
#include <sstream>

#include "lab/domain/wait.h"

namespace flowmob::lab {
namespace {

using namespace std::chrono_literals;

/// Where a link is watched: access links at the mobile node, the LMA's links at the MAGs, the rest at the CN.
LinkEnd watched_end(const LinkPlan& link) { return link.emulated() ? link.b : link.a; }

}  // namespace

/// "12 packets captured", "12 packets received by filter", "0 packets dropped by kernel", and sometimes
/// "1 packet dropped by interface".
CaptureCounts parse_capture_counts(const std::string& link, std::string_view said) {
  CaptureCounts counts{.link = link};
  bool captured = false, kernel = false;
  std::istringstream lines{std::string(said)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::uint64_t number = 0;
    std::string packets, what;
    if (!(words >> number >> packets >> what) || !packets.starts_with("packet")) continue;
    if (what == "captured") counts.captured = number;
    if (what == "dropped") counts.dropped += number;
    captured = captured || what == "captured";
    kernel = kernel || line.ends_with("dropped by kernel");
  }
  counts.complete = captured && kernel;
  return counts;
}

Result<Captures> Captures::start(const Plan& plan, const std::filesystem::path& directory) {
  Captures captures;
  for (const LinkPlan& link : plan.links()) {
    const LinkEnd end = watched_end(link);
    const auto file = directory / (link.name + ".pcap");
    std::error_code error;
    std::filesystem::remove(file, error);
    const auto log = plan.file("tcpdump-" + link.name + ".log");
    auto tcpdump =
        Process::start({.argv = {"tcpdump", "-i", end.interface, "-n", "-U", "--immediate-mode", "-s", "256",
                                 "-B", "8192", "-Z", "root", "--time-stamp-precision=nano", "-w", file},
                        .netns = plan.namespace_of(end.node),
                        .log = log});
    if (!tcpdump) return tl::unexpected(tcpdump.error());
    captures.captures_.push_back({link.name, std::move(*tcpdump), PcapReader(file), log});
    const auto begun = wait_until("tcpdump on " + link.name, [&] {
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

std::vector<CaptureCounts> Captures::counts() const {
  std::vector<CaptureCounts> counts;
  for (const Capture& capture : captures_) {
    std::ifstream log(capture.log);
    counts.push_back(
        parse_capture_counts(capture.link, std::string(std::istreambuf_iterator<char>(log), {})));
  }
  return counts;
}

}  // namespace flowmob::lab
