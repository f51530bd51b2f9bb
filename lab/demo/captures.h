// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <list>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "lab/demo/observations.h"
#include "lab/demo/pcap.h"
#include "lab/domain/plan.h"
#include "lab/host/process.h"

namespace flowmob::lab {

/// What tcpdump says as it ends. A frame that the capture missed is one that could have been lost unseen.
struct CaptureCounts {
  std::string link;
  std::uint64_t captured = 0, dropped = 0;  ///< by the kernel or the interface
  bool complete = false;                    ///< all was said that is to be said
};

CaptureCounts parse_capture_counts(const std::string& link, std::string_view said);

/// One tcpdump per link, headers only, and what they have written so far.
class Captures {
 public:
  static Result<Captures> start(const Plan& plan, const std::filesystem::path& directory);
  void read_into(Observations& observations);
  void stop();
  std::vector<CaptureCounts> counts() const;  ///< once stopped

 private:
  struct Capture {
    std::string link;
    Process tcpdump;
    PcapReader reader;
    std::filesystem::path log;
  };
  std::list<Capture> captures_;
};

}  // namespace flowmob::lab
