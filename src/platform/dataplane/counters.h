// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "dataplane/abi/types.h"
#include "platform/dataplane/bpf_map.h"

namespace flowmob::dataplane {

struct Counter {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  friend bool operator==(const Counter&, const Counter&) = default;
};

/// Octets of IPv6 packets without the tunnel's header. Down is towards the mobile node.
struct Traffic {
  Counter down;
  Counter up;
  friend bool operator==(const Traffic&, const Traffic&) = default;
};

struct DropCount {
  std::string_view name;         ///< stable, with dashes
  std::string_view explanation;  ///< for people
  Counter dropped;
};

/// "malformed": its name in statistics. `reason` has to be one of FM_DROP_*.
std::string_view drop_reason_name(std::uint32_t reason);

Traffic to_traffic(const fm_traffic& row);
/// Over all CPUs.
Traffic sum(const std::vector<fm_traffic>& each_cpu);
Counter sum(const std::vector<fm_counter>& each_cpu);

/// Every reason there is, also those that never came up, in a fixed order.
std::vector<DropCount> read_drops(const PerCpuBpfMap<std::uint32_t, fm_counter>& drops);

}  // namespace flowmob::dataplane
