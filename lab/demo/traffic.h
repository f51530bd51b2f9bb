// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>
#include <filesystem>
#include <list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/error.h"
#include "lab/demo/observations.h"
#include "lab/domain/domain.h"
#include "lab/host/process.h"

namespace flowmob::lab {

/// The applications: none of them knows of mobility.
class Traffic {
 public:
  /// `seconds`: how long the download is to take.
  static Result<Traffic> start(const Domain& domain, const std::filesystem::path& directory, int seconds);

  bool download_runs() { return curl_->running(); }
  void hurry_download() { web_->signal(SIGUSR1); }  ///< all has been shown: the rest comes faster
  /// Local port, inode and state of the download's connection; empty if there is none.
  nlohmann::ordered_json connection() const;
  /// What curl and both checksums say, once it has ended.
  Result<nlohmann::ordered_json> download_result();
  /// As many packets as ping has, until it is stopped.
  Result<void> start_steering();
  void stop_steering();
  /// Whether the application writes down its packets: video and steering.
  static bool has_log(FlowKind flow) { return flow == FlowKind::Video || flow == FlowKind::Steering; }
  FlowTrack logged(FlowKind flow, Way way) const;
  /// When it was stopped; nothing: it goes on, or should.
  std::optional<Nanoseconds> stopped(FlowKind flow) const {
    return flow == FlowKind::Steering ? steering_stopped_ : std::nullopt;
  }
  void stop();

 private:
  Traffic(const Domain& domain, std::filesystem::path directory)
      : domain_(&domain), plan_(&domain.plan()), directory_(std::move(directory)) {}
  Result<void> make_file(int seconds);
  Result<void> start_servers();
  Result<void> start_clients();
  Result<Process*> run_on(std::string_view node, const std::string& name, std::vector<std::string> argv);

  const Domain* domain_;
  const Plan* plan_;
  std::filesystem::path directory_;
  std::list<Process> processes_;
  Process *web_ = nullptr, *curl_ = nullptr, *steering_ = nullptr;
  std::optional<Nanoseconds> steering_stopped_;
  std::string checksum_;
};

}  // namespace flowmob::lab
