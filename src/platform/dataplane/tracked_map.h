// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <functional>
#include <string_view>
#include <unordered_set>

#include "platform/dataplane/bpf_map.h"

namespace flowmob::dataplane {

/// Orders rows and keys, whose padding is always zero.
struct ByOctets {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    return std::memcmp(&a, &b, sizeof(T)) < 0;
  }
};

/// Likewise finds them.
struct HashOfOctets {
  template <class T>
  std::size_t operator()(const T& a) const {
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(&a), sizeof(T)});
  }
};
struct SameOctets {
  template <class T>
  bool operator()(const T& a, const T& b) const {
    return std::memcmp(&a, &b, sizeof(T)) == 0;
  }
};

/// Remembers which rows were asked for since it was opened. The others are what a predecessor left: they go
/// on working until sweep().
template <class Map, class Key>
class TrackedMap {
 public:
  TrackedMap(const BpfObject& object, const std::string& name) : map_(object, name) {}

  template <class Value>
  Result<void> set(const Key& key, const Value& value) {
    wanted_.insert(key);
    return map_.set(key, value);
  }
  /// One that is there; whether it was asked for stays as it is.
  template <class Value>
  Result<void> rewrite(const Key& key, const Value& value) {
    return map_.set(key, value);
  }
  Result<void> ensure(const Key& key) {
    wanted_.insert(key);
    return map_.ensure(key);
  }
  Result<void> erase(const Key& key) {
    wanted_.erase(key);
    return map_.erase(key);
  }
  /// Nothing for a row that was not asked for: if there is one, it goes with sweep().
  Result<void> erase_wanted(const Key& key) { return wanted_.contains(key) ? erase(key) : Result<void>{}; }
  auto get(const Key& key) const { return map_.get(key); }
  auto values(const Key& key) const { return map_.values(key); }

  /// Erases what nobody asked for; how many rows that were.
  Result<std::size_t> sweep() {
    std::size_t swept = 0;
    for (const Key& key : map_.keys()) {
      if (wanted_.contains(key)) continue;
      if (auto erased = map_.erase(key); !erased) return tl::unexpected(erased.error());
      ++swept;
    }
    return swept;
  }

 private:
  Map map_;
  std::unordered_set<Key, HashOfOctets, SameOctets> wanted_;
};

template <class Key, class Value>
using TrackedHash = TrackedMap<BpfMap<Key, Value>, Key>;
template <class Key, class Value>
using TrackedCounters = TrackedMap<PerCpuBpfMap<Key, Value>, Key>;

}  // namespace flowmob::dataplane
