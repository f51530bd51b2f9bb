// SPDX-License-Identifier: Apache-2.0
#include "lab/probe/packet_log.h"

#include <sstream>

namespace flowmob::lab {

Result<PacketLog> PacketLog::create(const std::filesystem::path& path) {
  PacketLog log;
  log.file_.open(path, std::ios::trunc);
  if (!log.file_) return fail("open-failed", "cannot write " + path.string());
  return log;
}

void PacketLog::sent(const Sent& packet) { file_ << "tx " << packet.sequence << ' ' << packet.sent << '\n'; }

void PacketLog::arrived(const Arrival& packet) {
  file_ << "rx " << packet.sequence << ' ' << packet.sent << ' ' << packet.arrived << '\n';
}

Result<PacketHistory> read_packet_log(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) return fail("no-such-file", path.string());
  PacketHistory history;
  std::string line, kind;
  while (std::getline(file, line) && !file.eof()) {
    std::istringstream fields(line);
    Arrival packet{};
    fields >> kind >> packet.sequence >> packet.sent;
    if (kind == "rx") fields >> packet.arrived;
    if (!fields) return fail("bad-log", path.string() + ": " + line);
    if (kind == "rx") history.arrived.push_back(packet);
    if (kind == "tx") history.sent.push_back({packet.sequence, packet.sent});
  }
  return history;
}

}  // namespace flowmob::lab
