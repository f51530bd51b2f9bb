// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "platform/dataplane/bpf_object.h"
#include "platform/errno_error.h"

namespace flowmob::dataplane {

/// A map with its types. Does not own the descriptor: the object does.
template <class Key, class Value>
class BpfMap {
 public:
  BpfMap(const BpfObject& object, std::string name) : fd_(object.map_fd(name)), name_(std::move(name)) {}

  Result<void> set(const Key& key, const Value& value) { return update(key, &value, BPF_ANY); }

  /// What is not there is erased already.
  Result<void> erase(const Key& key) {
    if (bpf_map_delete_elem(fd_, &key) == 0 || errno == ENOENT) return {};
    return platform::fail_errno("bpf-map", "cannot erase from the map " + name_);
  }

  std::optional<Value> get(const Key& key) const {
    Value value{};
    if (bpf_map_lookup_elem(fd_, &key, &value) != 0) return std::nullopt;
    return value;
  }

  /// Bounded, because a walk starts over when the row it stands on goes away.
  std::vector<Key> keys() const {
    std::vector<Key> found;
    Key key{};
    const Key* previous = nullptr;
    for (auto left = capacity(); left > 0 && bpf_map_get_next_key(fd_, previous, &key) == 0; --left) {
      found.push_back(key);
      previous = &found.back();
    }
    return found;
  }

  std::uint32_t capacity() const {
    bpf_map_info info{};
    __u32 length = sizeof(info);
    return bpf_obj_get_info_by_fd(fd_, &info, &length) == 0 ? info.max_entries : 0;
  }

 protected:
  /// With BPF_NOEXIST a row that is there stays as it is. Rows come from memory that the kernel fills up
  /// behind our back: a burst of new ones finds it empty for a moment (ENOMEM), and this waits for it.
  Result<void> update(const Key& key, const void* value, std::uint64_t flags) {
    constexpr int kTries = 200;
    for (int left = memory_is_there_ ? kTries : 0; bpf_map_update_elem(fd_, &key, value, flags) != 0;
         --left) {
      if (errno == ENOMEM && left > 0) {
        ::usleep(50);
        continue;
      }
      memory_is_there_ = errno != ENOMEM;
      if (flags == BPF_NOEXIST && errno == EEXIST) return {};
      return write_failed();
    }
    memory_is_there_ = true;
    return {};
  }

  tl::unexpected<Error> write_failed() const {
    if (errno == E2BIG) return fail("bpf-map-full", "the map " + name_ + " is full");
    return platform::fail_errno("bpf-map", "cannot write to the map " + name_);
  }

  int fd_;
  std::string name_;
  bool memory_is_there_ = true;  ///< else nobody waits for it, until a row is written
};

/// A map of which each CPU has its own value.
template <class Key, class Value>
class PerCpuBpfMap : public BpfMap<Key, Value> {
 public:
  using BpfMap<Key, Value>::BpfMap;

  /// Zeros, unless there is a row already.
  Result<void> ensure(const Key& key) {
    const std::vector<Value> zeros(static_cast<std::size_t>(libbpf_num_possible_cpus()));
    return this->update(key, zeros.data(), BPF_NOEXIST);
  }

  /// One value for each CPU.
  std::optional<std::vector<Value>> values(const Key& key) const {
    static_assert(sizeof(Value) % 8 == 0, "the kernel rounds up");
    std::vector<Value> each(static_cast<std::size_t>(libbpf_num_possible_cpus()));
    if (bpf_map_lookup_elem(this->fd_, &key, each.data()) != 0) return std::nullopt;
    return each;
  }
};

}  // namespace flowmob::dataplane
