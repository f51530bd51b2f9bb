// SPDX-License-Identifier: Apache-2.0
// Before the demo and after it: whose lab it is, and what is left when it is over.
#include <fmt/format.h>

#include "lab/demo/demo.h"
#include "lab/domain/lock.h"
#include "lab/domain/logs.h"
#include "lab/host/programs.h"

namespace flowmob::lab {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLinesOfALog = 12;

Result<void> need_everything() {
  return need_root().and_then([] {
    return need_programs({"ip", "ss", "sysctl", "ethtool", "tcpdump", "curl", "python3", "sha256sum",
                          "flowmob", "flowmob-probe"});
  });
}

/// Takes away what a demo of this name left behind when it was killed, but no lab that somebody works in.
Result<LabLock> claim(const Plan& plan) {
  auto lock = LabLock::take(plan);
  if (!lock) return lock;
  if (const auto there = Domain::open(plan); there && there->in_use())
    return fail("in-use",
                fmt::format("lab '{0}' is up: choose another --name, or take it down first (flowmob "
                            "lab down --name {0})",
                            plan.name()));
  Domain::down(plan);
  return lock;
}

/// An old report beside a new failure would lie.
Result<void> clear(const fs::path& output) {
  std::error_code error;
  fs::create_directories(output, error);
  if (error) return fail("write-failed", output.string() + ": " + error.message());
  for (const char* name : {"report.json", "report.png", "work", "logs"}) fs::remove_all(output / name, error);
  return {};
}

/// The applications' files; those of the download are large, and their checksums are in the report.
void keep_evidence(const Plan& plan, const DemoOptions& options, Display& display, bool failed) {
  std::error_code error;
  if (!failed) {
    fs::remove_all(options.output / "work", error);
    return;
  }
  for (const char* name : {"film.bin", "received.bin"}) fs::remove(options.output / "work" / name, error);
  keep_logs(plan, options.output / "logs");
  display.print("\n" + log_tails(plan, kLinesOfALog) +
                fmt::format("\n  {0}/logs and {0}/work have the whole logs\n", options.output.string()));
}

void show_end(Display& display, const Result<DemoReport>& report, const DemoOptions& options) {
  display.now("");
  if (!report) return;
  display.print("\n" + closing_text(*report, display.colour()));
  display.print(fmt::format("\n  {0}/report.json, {0}/report.png, {0}/*.pcap\n", options.output.string()));
}

}  // namespace

Result<DemoReport> run_demo(const Plan& plan, const DemoOptions& options) {
  if (auto can = need_everything(); !can) return tl::unexpected(can.error());
  const auto lock = claim(plan);
  if (!lock) return tl::unexpected(lock.error());
  if (auto cleared = clear(options.output); !cleared) return tl::unexpected(cleared.error());
  Result<DemoReport> report;
  {
    Demo demo(plan, options);
    report = demo.run();
    show_end(demo.display(), report, options);
    keep_evidence(plan, options, demo.display(), !report || !report->passed());
  }
  Domain::down(plan);
  return report;
}

}  // namespace flowmob::lab
