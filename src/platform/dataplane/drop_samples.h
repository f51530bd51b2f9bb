// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/strong_id.h"
#include "base/time.h"
#include "dataplane/abi/sample.h"
#include "platform/dataplane/bpf_map.h"
#include "platform/dataplane/ring_queue.h"

namespace flowmob::dataplane {

/// A packet that the data plane dropped.
struct DropSample {
  TimePoint time;           ///< on the monotonic line
  std::string_view reason;  ///< as in DropCount
  InterfaceIndex interface;
  bool came_in = false;      ///< dropped on its way in; else on its way out by that interface
  std::uint32_t length{};    ///< of the frame
  std::uint32_t packets{};   ///< that it stands for: one, or a train of segments
  std::uint16_t protocol{};  ///< an EtherType
  ByteView octets;           ///< the beginning of the frame as it was when it was dropped; ours for this call
};

/// "malformed" and so on: whether there is such a reason.
bool is_drop_reason(std::string_view name);

/// What a data plane drops, for whoever looks (docs/adr/0079): nothing while it is off, as it is at first,
/// and of the rest as many as the programs' budget lets through.
class DropSamples {
 public:
  using OnSample = std::function<void(const DropSample& sample)>;
  /// Of each reason, drops without a sample.
  using Unsampled = std::map<std::string_view, std::uint64_t>;

  /// Of the loaded object, which has to outlive it. "bpf-map".
  static Result<std::unique_ptr<DropSamples>> open(const BpfObject& object, OnSample on_sample);
  ~DropSamples();
  DropSamples(const DropSamples&) = delete;
  DropSamples& operator=(const DropSamples&) = delete;

  /// `now`: what happened before is of no interest to who turns it on. "bpf-map".
  Result<void> turn_on(TimePoint now);
  Result<void> turn_off();
  bool is_on() const { return on_; }

  /// To be watched.
  int fd() const { return queue_->fd(); }
  /// Gives the samples that wait, or as many as leave time for something else: then more may wait.
  bool take() { return queue_->take(); }
  /// Since it was asked before, or since it was turned on.
  Unsampled take_unsampled();

 private:
  explicit DropSamples(const BpfObject& object);
  void deliver(ByteView row) const;
  Unsampled read_unsampled() const;

  BpfMap<std::uint32_t, fm_sampling> switch_;
  PerCpuBpfMap<std::uint32_t, std::uint64_t> unsampled_;
  OnSample on_sample_;
  std::unique_ptr<RingQueue> queue_;
  Unsampled told_;
  TimePoint since_{};
  bool on_ = false;
};

}  // namespace flowmob::dataplane
