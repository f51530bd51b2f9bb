// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "platform/dataplane/bpf_map.h"

/// What runners do to the maps of programs beside the rows that daemons write.
namespace flowmob::dataplane::testing {

/// Reads all drop counters with one call: this is done for every packet.
class DropReader {
 public:
  /// `object` has to outlive it.
  explicit DropReader(const BpfObject& object) : object_(object), packets_(read()) {}
  /// The reasons that were counted since the last call, with commas.
  std::string since();

 private:
  std::vector<std::uint64_t> read() const;

  const BpfObject& object_;
  std::vector<std::uint64_t> packets_;  ///< by reason
};

/// What is limited in rate is so no more: until the next packet there is all of the budget.
void renew_budget(const BpfObject& object, const char* map);

template <class Key, class Value>
void clear_map(const BpfObject& object, const char* name) {
  BpfMap<Key, Value> map(object, name);
  for (const auto& key : map.keys()) static_cast<void>(map.erase(key));
}

}  // namespace flowmob::dataplane::testing
