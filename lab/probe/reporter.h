// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fstream>
#include <optional>

#include "lab/probe/endpoint.h"
#include "lab/probe/options.h"
#include "lab/probe/packet_log.h"

namespace flowmob::lab {

/// Everything a probe writes: the packet log, a progress line every second, the report at the end.
class Reporter {
 public:
  static Result<Reporter> create(const ProbeOptions& options);

  PacketLog* log() { return log_ ? &*log_ : nullptr; }
  void progress(Now now, ProbeEndpoint& endpoint);
  void finished(const ProbeEndpoint& endpoint, std::string_view role);
  void finished(const nlohmann::ordered_json& report);
  bool all_complete() const { return reports_ > 0 && complete_; }
  /// Whether a `--once` server has done its work.
  bool any() const { return reports_ > 0; }

 private:
  explicit Reporter(const ProbeOptions& options) : options_(options) {}

  ProbeOptions options_;
  std::optional<PacketLog> log_;
  std::optional<std::ofstream> progress_;
  TimePoint next_progress_{}, next_flush_{};
  int reports_ = 0;
  bool complete_ = true;
};

}  // namespace flowmob::lab
