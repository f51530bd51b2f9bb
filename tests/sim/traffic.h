// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "domain.h"

namespace flowmob::sim {

/// Packets that take their time: each crosses the rows that stand when it gets there, so one can be under way
/// on a slow link while its flow moves. The node learns the flow's link from them, as reflection does.
class Traffic {
 public:
  struct Count {
    std::uint64_t sent = 0, received = 0, duplicated = 0, reordered = 0;
    std::uint64_t copies = 0;  ///< dropped, as another has come
    std::map<std::size_t, std::uint64_t> by_member;
    std::map<std::string, std::uint64_t> lost;  ///< where
    std::uint64_t lost_total() const { return sent - received; }
  };

  explicit Traffic(Domain& domain) : domain_(domain) {}

  /// A packet each way every `interval`, until stop().
  void start(std::size_t node, const Flow& flow, Duration interval);
  /// So many at a time instead, and then as long a pause as they would have taken.
  std::uint64_t burst = 1;
  void stop() { ++generation_; }

  const Count& down(std::size_t node, std::string_view flow) { return down_[{node, flow}].count; }
  const Count& up(std::size_t node, std::string_view flow) { return up_[{node, flow}].count; }

 private:
  struct Stream {
    Count count;
    std::vector<bool> seen;  ///< by number
    std::uint64_t next = 0;  ///< behind the highest
  };
  using Streams = std::map<std::pair<std::size_t, std::string_view>, Stream>;

  void tick(std::size_t node, const Flow& flow, Duration interval, std::uint64_t generation);
  void send_down(std::size_t node, const Packet& packet);
  void send_copies_down(std::size_t node, const Packet& packet);
  void leave_lma(std::size_t node, const Packet& packet, const Result<Ipv6Address>& via);
  void at_mag(std::size_t node, std::size_t mag, const Packet& packet);
  void at_node(Port port, Socket from, const Packet& packet);
  void send_up(std::size_t node, const Packet& packet);
  void leave_node(Port port, const Packet& packet);
  void at_mag_up(Port port, Socket socket, const Packet& packet);
  void at_lma_up(Port port, std::size_t mag, const Packet& packet);
  static void lose(Stream& stream, const Error& why) { ++stream.count.lost[why.code + ": " + why.message]; }
  static void receive(Stream& stream, const Packet& packet, std::size_t member);
  static bool is_second_copy(Stream& stream, const Packet& packet);
  Stream& down_of(std::size_t node, const Packet& packet) { return down_[{node, packet.flow.name}]; }
  Stream& up_of(std::size_t node, const Packet& packet) { return up_[{node, packet.flow.name}]; }

  static constexpr Duration kCore = std::chrono::milliseconds(5);

  Domain& domain_;
  std::uint64_t generation_ = 0;
  Streams down_, up_;
};

}  // namespace flowmob::sim
