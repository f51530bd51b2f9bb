// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/drop_samples.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "dataplane/abi/drop_reasons.h"
#include "platform/dataplane/counters.h"

namespace flowmob::dataplane {

bool is_drop_reason(std::string_view name) {
  for (std::uint32_t reason = 0; reason < FM_DROP_REASON_COUNT; ++reason)
    if (drop_reason_name(reason) == name) return true;
  return false;
}

DropSamples::DropSamples(const BpfObject& object)
    : switch_(object, "sampling"), unsampled_(object, "unsampled_drops") {}

DropSamples::~DropSamples() { (void)turn_off(); }

Result<std::unique_ptr<DropSamples>> DropSamples::open(const BpfObject& object, OnSample on_sample) {
  std::unique_ptr<DropSamples> samples(new DropSamples(object));
  samples->on_sample_ = std::move(on_sample);
  auto queue =
      RingQueue::open(object, "drop_samples", [self = samples.get()](ByteView row) { self->deliver(row); });
  if (!queue) return tl::unexpected(queue.error());
  samples->queue_ = std::move(*queue);
  return samples;
}

Result<void> DropSamples::turn_on(TimePoint now) {
  since_ = now;
  told_ = read_unsampled();
  return switch_.set(0, fm_sampling{1, 0}).map([this] { on_ = true; });
}

Result<void> DropSamples::turn_off() {
  on_ = false;
  return switch_.set(0, fm_sampling{});
}

DropSamples::Unsampled DropSamples::read_unsampled() const {
  Unsampled counts;
  for (std::uint32_t reason = 0; reason < FM_DROP_REASON_COUNT; ++reason) {
    const auto each_cpu = unsampled_.values(reason);
    if (each_cpu)
      counts[drop_reason_name(reason)] = std::accumulate(each_cpu->begin(), each_cpu->end(), std::uint64_t{});
  }
  return counts;
}

DropSamples::Unsampled DropSamples::take_unsampled() {
  const auto counts = read_unsampled();
  Unsampled fresh;
  for (const auto& [reason, count] : counts)
    if (count > told_[reason]) fresh[reason] = count - told_[reason];
  told_ = counts;
  return fresh;
}

/// A row of a program that is newer than we are may have a reason that we do not know.
void DropSamples::deliver(ByteView octets) const {
  fm_drop_sample row;
  if (octets.size() < sizeof row) return;
  std::memcpy(&row, octets.data(), sizeof row);
  const TimePoint time{Duration(row.time)};
  if (time < since_ || row.reason >= FM_DROP_REASON_COUNT) return;
  DropSample sample;
  sample.time = time;
  sample.reason = drop_reason_name(row.reason);
  sample.interface = InterfaceIndex{row.interface};
  sample.came_in = row.came_by == row.interface;
  sample.length = row.length;
  sample.packets = row.packets;
  sample.protocol = ::ntohs(row.protocol);
  sample.octets = ByteView(row.octets, std::min<std::size_t>(row.octet_count, sizeof row.octets));
  on_sample_(sample);
}

}  // namespace flowmob::dataplane
