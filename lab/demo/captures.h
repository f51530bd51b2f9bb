// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <list>
#include <string>

#include "base/error.h"
#include "lab/demo/observations.h"
#include "lab/demo/pcap.h"
#include "lab/domain/plan.h"
#include "lab/host/process.h"

namespace flowmob::lab {

/// One tcpdump per link, headers only, and what they have written so far.
class Captures {
 public:
  static Result<Captures> start(const Plan& plan, const std::filesystem::path& directory);
  void read_into(Observations& observations);
  void stop();

 private:
  struct Capture {
    std::string link;
    Process tcpdump;
    PcapReader reader;
  };
  std::list<Capture> captures_;
};

}  // namespace flowmob::lab
