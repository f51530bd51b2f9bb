// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <set>

#include "core/lma/effect.h"
#include "core/lma/flow_watch.h"
#include "dataplane/abi/lma.h"
#include "platform/dataplane/bpf_map.h"

namespace flowmob::dataplane {

/// The rows by which the data plane counts by path the packets of flows that move, and of sessions that are
/// handed off, and their marks.
class FlowWatches {
 public:
  explicit FlowWatches(const BpfObject& object) : marks_(object, "watch_marks"), rows_(object, "watches") {}

  /// In the place of an earlier watch of the same.
  Result<void> begin(const core::Watched& what, const fm_watch_row& row);
  std::optional<core::FlowWatch> read(const core::Watched& what) const;
  Result<void> end(const core::Watched& what);
  Result<void> end_all();

 private:
  static constexpr std::uint32_t kBits = 64 * FM_WATCH_WORDS;
  Result<void> write_marks();

  BpfMap<std::uint32_t, fm_watch_marks> marks_;
  BpfMap<std::uint32_t, fm_watch_row> rows_;
  std::set<std::uint32_t> watched_;  ///< keys
  std::array<std::uint32_t, kBits> watched_by_bit_{};
};

}  // namespace flowmob::dataplane
