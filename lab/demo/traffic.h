// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>
#include <filesystem>
#include <list>
#include <nlohmann/json.hpp>
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
  /// The video stream's own packet logs.
  FlowTrack video(Way way) const;
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
  Process *web_ = nullptr, *curl_ = nullptr;
  std::string checksum_;
};

}  // namespace flowmob::lab
