// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/counters.h"

#include <array>

#include "dataplane/abi/drop_reasons.h"

namespace flowmob::dataplane {
namespace {

struct Reason {
  std::string_view name;
  std::string_view explanation;
};

constexpr std::array<Reason, FM_DROP_REASON_COUNT> kReasons{{
#define FM_DROP_ROW(id, name, text) {name, text},
    FM_DROP_REASONS(FM_DROP_ROW)
#undef FM_DROP_ROW
}};
static_assert(FM_DROP_REASON_COUNT <= FM_DROP_ROWS);

void add(Counter& total, const fm_counter& part) {
  total.packets += part.packets;
  total.bytes += part.bytes;
}

}  // namespace

std::string_view drop_reason_name(std::uint32_t reason) { return kReasons.at(reason).name; }

Traffic to_traffic(const fm_traffic& row) { return sum(std::vector{row}); }

Traffic sum(const std::vector<fm_traffic>& each_cpu) {
  Traffic total;
  for (const auto& part : each_cpu) {
    add(total.down, part.down);
    add(total.up, part.up);
  }
  return total;
}

Counter sum(const std::vector<fm_counter>& each_cpu) {
  Counter total;
  for (const auto& part : each_cpu) add(total, part);
  return total;
}

std::vector<DropCount> read_drops(const PerCpuBpfMap<std::uint32_t, fm_counter>& drops) {
  std::vector<DropCount> counts;
  for (std::uint32_t row = 0; row < kReasons.size(); ++row) {
    const auto each_cpu = drops.values(row);
    counts.push_back({kReasons[row].name, kReasons[row].explanation, each_cpu ? sum(*each_cpu) : Counter{}});
  }
  return counts;
}

}  // namespace flowmob::dataplane
