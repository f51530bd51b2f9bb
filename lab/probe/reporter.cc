// SPDX-License-Identifier: Apache-2.0
#include "lab/probe/reporter.h"

#include <fmt/format.h>

#include <filesystem>

namespace flowmob::lab {
namespace {

using Json = nlohmann::ordered_json;
using namespace std::chrono_literals;

void print_direction(const char* name, const Json& seen) {
  if (!seen.is_object()) {
    fmt::print("{}: the peer did not tell\n", name);
    return;
  }
  fmt::print("{}: {} sent, {} lost, {} duplicated, {} reordered; longest gap {} ms; delay {} / {} / {} ms\n",
             name, seen.value("sent", 0), seen.value("lost", 0), seen.value("duplicated", 0),
             seen.value("reordered", 0), seen.value("longest_gap_ms", 0.0),
             seen["delay_ms"].value("min", 0.0), seen["delay_ms"].value("median", 0.0),
             seen["delay_ms"].value("max", 0.0));
}

/// Readers see the old file or the new one, never half of it.
void write_whole(const std::filesystem::path& path, const std::string& text) {
  const std::filesystem::path draft = path.string() + ".new";
  std::ofstream(draft) << text << '\n';
  std::error_code error;
  std::filesystem::rename(draft, path, error);
}

}  // namespace

Result<Reporter> Reporter::create(const ProbeOptions& options) {
  Reporter reporter(options);
  if (!options.log_file.empty()) {
    auto log = PacketLog::create(options.log_file);
    if (!log) return tl::unexpected(log.error());
    reporter.log_ = std::move(*log);
  }
  if (!options.progress_file.empty()) {
    const bool standard_output = options.progress_file == "-";
    reporter.progress_.emplace(standard_output ? "/dev/stdout" : options.progress_file.c_str(),
                               standard_output ? std::ios::app : std::ios::trunc);
    if (!*reporter.progress_) return fail("open-failed", "cannot write " + options.progress_file);
  }
  return reporter;
}

void Reporter::progress(Now now, ProbeEndpoint& endpoint) {
  if (log_ && now.monotonic >= next_flush_) {
    log_->flush();
    next_flush_ = now.monotonic + 50ms;
  }
  if (!progress_ || now.monotonic < next_progress_) return;
  *progress_ << endpoint.progress(now).dump() << std::endl;
  next_progress_ = now.monotonic + 1s;
}

void Reporter::finished(const ProbeEndpoint& endpoint, std::string_view role) {
  Json report{{"protocol", options_.tcp ? "tcp" : "udp"}, {"role", role}};
  report.update(endpoint.report());
  finished(report);
}

void Reporter::finished(const Json& report) {
  complete_ = complete_ && report["complete"] == true;
  ++reports_;
  if (log_) log_->flush();
  if (!options_.json_file.empty()) write_whole(options_.json_file, report.dump(2));
  if (options_.json) {
    fmt::print("{}\n", report.dump());
  } else {
    for (const char* way : {"outgoing", "incoming", "round_trip"}) {
      if (report.contains(way)) print_direction(way, report[way]);
    }
  }
  std::fflush(stdout);
}

}  // namespace flowmob::lab
