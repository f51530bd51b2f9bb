// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "base/bytes.h"
#include "base/strong_id.h"
#include "base/time.h"
#include "dataplane/abi/sample.h"
#include "platform/dataplane/bpf_map.h"
#include "platform/dataplane/ring_queue.h"

namespace flowmob::dataplane {

/// An IP packet of a node that is captured, as the data plane has it outside of tunnels.
struct CapturedPacket {
  TimePoint time;           ///< on the monotonic line
  std::uint32_t node{};     ///< an anchor's NodeIndex, a gateway's attachment; 0 at a node itself
  FlowIndex flow{};         ///< at an anchor
  std::uint32_t session{};  ///< an anchor's session; at a node the interface of the member
  InterfaceIndex interface;
  bool up = false;         ///< from the node
  std::uint32_t length{};  ///< of the packet
  ByteView octets;         ///< how it begins, without a link-layer header; ours for this call
};

/// The packets of the nodes that are marked in the data plane (docs/adr/0079), and how many found no room.
class PacketCapture {
 public:
  static constexpr std::uint32_t kMostOctets = FM_CAPTURED_OCTETS;
  using OnPacket = std::function<void(const CapturedPacket& packet)>;

  /// Of the loaded object, which has to outlive it. "bpf-map".
  static Result<std::unique_ptr<PacketCapture>> open(const BpfObject& object, OnPacket on_packet);
  PacketCapture(const PacketCapture&) = delete;
  PacketCapture& operator=(const PacketCapture&) = delete;

  /// To be watched.
  int fd() const { return queue_->fd(); }
  /// Gives the packets that wait, or as many as leave time for something else: then more may wait.
  bool take() { return queue_->take(); }
  /// Of all nodes together, since it was asked before.
  std::uint64_t take_lost();

 private:
  explicit PacketCapture(const BpfObject& object);
  void deliver(ByteView row) const;
  std::uint64_t read_lost() const;

  PerCpuBpfMap<std::uint32_t, std::uint64_t> lost_;
  OnPacket on_packet_;
  std::unique_ptr<RingQueue> queue_;
  std::uint64_t told_ = 0;
};

}  // namespace flowmob::dataplane
