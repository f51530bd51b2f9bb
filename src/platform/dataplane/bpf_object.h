// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "platform/dataplane/bpf_directory.h"

struct bpf_object;

namespace flowmob::dataplane {

struct BpfObjectOptions {
  BpfDirectory directory;
  std::map<std::string, std::uint32_t> capacities;  ///< entries of maps, where not as compiled
  std::vector<std::string> disposable;              ///< maps that only cache: made anew when they do not fit
  std::vector<std::string> optional = {};  ///< programs without which the others are loaded, if need be
};

/// Programs loaded into the kernel together with their maps. Maps that are pinned already are taken over
/// with what they hold.
class BpfObject {
 public:
  /// "incompatible-map" when a pinned map has another layout, "bpf-load" when the kernel refuses.
  static Result<BpfObject> load(const std::string& name, const void* elf, std::size_t size,
                                const BpfObjectOptions& options);

  /// Why the optional programs were left out; empty: they were not.
  const std::string& left_out() const { return left_out_; }

  int map_fd(const std::string& name) const;
  int program_fd(const std::string& name) const;

 private:
  static Result<BpfObject> try_load(const std::string& name, const void* elf, std::size_t size,
                                    const BpfObjectOptions& options, bool with_optional);
  struct Close {
    void operator()(bpf_object* object) const;
  };
  std::unique_ptr<bpf_object, Close> object_;
  std::string left_out_;
};

}  // namespace flowmob::dataplane
