// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/flow_watches.h"

namespace flowmob::dataplane {
namespace {

/// The kernel's ktime is our monotonic clock.
std::optional<TimePoint> time_of(std::uint64_t ktime) {
  if (ktime == 0) return std::nullopt;
  return TimePoint(std::chrono::nanoseconds(ktime));
}

core::FlowWatch::Path to_path(const fm_path_seen& path) {
  return {path.packets, time_of(path.first), time_of(path.last)};
}

core::FlowWatch::Way to_way(const fm_way_seen& way) {
  return {to_path(way.old_path), to_path(way.new_path), way.late};
}

std::uint32_t key_of(const core::Watched& what) {
  return what.session ? what.session.value | FM_WATCH_SESSION : what.flow.value;
}

}  // namespace

/// The row stands before its mark.
Result<void> FlowWatches::begin(const core::Watched& what, const fm_watch_row& row) {
  const auto key = key_of(what);
  if (auto written = rows_.set(key, row); !written) return written;
  if (watched_.insert(key).second) ++watched_by_bit_[key % kBits];
  return write_marks();
}

std::optional<core::FlowWatch> FlowWatches::read(const core::Watched& what) const {
  const auto row = rows_.get(key_of(what));
  if (!row) return std::nullopt;
  return core::FlowWatch{to_way(row->down), to_way(row->up)};
}

Result<void> FlowWatches::end(const core::Watched& what) {
  const auto key = key_of(what);
  if (watched_.erase(key) == 0) return {};
  --watched_by_bit_[key % kBits];
  return write_marks().and_then([&] { return rows_.erase(key); });
}

Result<void> FlowWatches::end_all() {
  watched_.clear();
  watched_by_bit_.fill(0);
  auto done = write_marks();
  for (const auto key : rows_.keys())
    if (done) done = rows_.erase(key);
  return done;
}

Result<void> FlowWatches::write_marks() {
  fm_watch_marks marks{};
  for (std::uint32_t bit = 0; bit < kBits; ++bit)
    if (watched_by_bit_[bit] != 0) marks.words[bit / 64] |= std::uint64_t{1} << bit % 64;
  return marks_.set(0, marks);
}

}  // namespace flowmob::dataplane
