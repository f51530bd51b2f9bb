// SPDX-License-Identifier: Apache-2.0
#include "map_tools.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string_view>

#include "dataplane/abi/drop_reasons.h"
#include "dataplane/abi/types.h"

namespace flowmob::dataplane::testing {
namespace {

constexpr std::string_view kReasonNames[] = {
#define FM_NAME_OF_REASON(id, name, text) name,
    FM_DROP_REASONS(FM_NAME_OF_REASON)
#undef FM_NAME_OF_REASON
};

}  // namespace

std::vector<std::uint64_t> DropReader::read() const {
  const auto cpus = static_cast<std::size_t>(libbpf_num_possible_cpus());
  std::vector<__u32> keys(FM_DROP_ROWS);
  std::vector<fm_counter> values(FM_DROP_ROWS * cpus);
  __u32 next = 0, count = FM_DROP_ROWS;
  const int result = bpf_map_lookup_batch(object_.map_fd("drops"), nullptr, &next, keys.data(), values.data(),
                                          &count, nullptr);
  EXPECT_TRUE(result == 0 || errno == ENOENT);
  EXPECT_EQ(count, std::uint32_t{FM_DROP_ROWS});
  std::vector<std::uint64_t> packets(FM_DROP_ROWS);
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t cpu = 0; cpu < cpus; ++cpu) packets[keys[i]] += values[i * cpus + cpu].packets;
  return packets;
}

std::string DropReader::since() {
  auto now = read();
  std::string reasons;
  for (std::size_t i = 0; i < now.size(); ++i)
    for (auto count = packets_[i]; count < now[i]; ++count)
      reasons += (reasons.empty() ? "" : ",") + std::string(kReasonNames[i]);
  packets_ = std::move(now);
  return reasons;
}

void renew_budget(const BpfObject& object, const char* map) {
  const std::vector<__u64> due(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  const __u32 row = 0;
  EXPECT_EQ(bpf_map_update_elem(object.map_fd(map), &row, due.data(), BPF_ANY), 0);
}

}  // namespace flowmob::dataplane::testing
