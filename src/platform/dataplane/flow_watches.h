// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <set>

#include "base/strong_id.h"
#include "core/lma/flow_watch.h"
#include "dataplane/abi/lma.h"
#include "platform/dataplane/bpf_map.h"

namespace flowmob::dataplane {

/// The rows by which the data plane counts the packets of moving flows by path, and the marks of those flows.
class FlowWatches {
 public:
  explicit FlowWatches(const BpfObject& object) : marks_(object, "watch_marks"), rows_(object, "watches") {}

  /// In the place of an earlier watch of the flow.
  Result<void> begin(FlowIndex flow, const fm_watch_row& row);
  std::optional<core::FlowWatch> read(FlowIndex flow) const;
  Result<void> end(FlowIndex flow);
  Result<void> end_all();

 private:
  static constexpr std::uint32_t kBits = 64 * FM_WATCH_WORDS;
  Result<void> write_marks();

  BpfMap<std::uint32_t, fm_watch_marks> marks_;
  BpfMap<std::uint32_t, fm_watch_row> rows_;
  std::set<FlowIndex> watched_;
  std::array<std::uint32_t, kBits> flows_by_bit_{};
};

}  // namespace flowmob::dataplane
