// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <vector>

#include "base/error.h"
#include "lab/stats/arrivals.h"

namespace flowmob::lab {

/// Every packet of one end, one a line: "tx SEQUENCE SENT" and "rx SEQUENCE SENT ARRIVED", nanoseconds since
/// 1970.
class PacketLog {
 public:
  static Result<PacketLog> create(const std::filesystem::path& path);
  void sent(const Sent& packet);
  void arrived(const Arrival& packet);
  void flush() { file_.flush(); }

 private:
  std::ofstream file_;
};

struct PacketHistory {
  std::vector<Sent> sent;
  std::vector<Arrival> arrived;
};

/// Reads a log that may still be growing: a last line without its end is left out.
Result<PacketHistory> read_packet_log(const std::filesystem::path& path);

}  // namespace flowmob::lab
