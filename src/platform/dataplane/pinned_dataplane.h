// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "platform/dataplane/attachment.h"
#include "platform/dataplane/bpf_object.h"
#include "platform/dataplane/counters.h"

namespace flowmob::dataplane {

/// What the data planes of all roles share: pinned programs, where they sit, drop counters. Nothing is
/// detached on destruction: forwarding outlives the daemon.
class PinnedDataplane {
 public:
  struct Program {
    std::string name;
    const void* elf = nullptr;
    std::size_t size = 0;

    /// The program of a skeleton that bpftool made.
    template <class Skeleton>
    static Program of(std::string name) {
      Program program{std::move(name)};
      program.elf = Skeleton::elf_bytes(&program.size);
      return program;
    }
  };
  struct Options {
    std::filesystem::path directory;
    std::map<std::string, std::uint32_t> capacities{};
    std::vector<std::string> disposable{};
    std::vector<std::string> optional{};
  };

  static Result<PinnedDataplane> load(const Program& program, const Options& options);

  const BpfObject& object() const { return object_; }
  /// These, and on no other interface what a predecessor attached.
  Result<void> attach(const std::vector<Attachment>& attachments) const;
  /// Only to `interface`: whether others are there is not asked.
  Result<void> attach(std::vector<Attachment> attachments, const std::string& interface) const;
  std::vector<DropCount> drops() const { return read_drops(drops_); }

  /// Detaches and unpins; needs no loaded object.
  static Result<void> teardown(const std::filesystem::path& directory,
                               const std::vector<Attachment>& attachments);

 private:
  Result<void> attach_each(const std::vector<Attachment>& attachments) const;
  explicit PinnedDataplane(BpfObject object) : object_(std::move(object)), drops_(object_, "drops") {}
  BpfObject object_;
  PerCpuBpfMap<std::uint32_t, fm_counter> drops_;
};

}  // namespace flowmob::dataplane
