// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <vector>

#include "base/bytes.h"
#include "lab/stats/arrivals.h"

namespace flowmob::lab {

struct CapturedFrame {
  Nanoseconds time{};
  std::uint32_t length{};  ///< on the wire; `octets` may be fewer
  Bytes octets;
};

/// Reads a pcap file (of this machine's byte order) while it is still being written.
class PcapReader {
 public:
  explicit PcapReader(std::filesystem::path path) : path_(std::move(path)) {}
  /// The frames that are whole since the last call.
  std::vector<CapturedFrame> read();

 private:
  bool open();
  bool take(CapturedFrame& frame);

  std::filesystem::path path_;
  std::ifstream file_;
  std::streamoff position_ = 0;
  std::int64_t fraction_ = 0;  ///< nanoseconds per unit of the time stamp's fraction; 0: header not read yet
};

}  // namespace flowmob::lab
