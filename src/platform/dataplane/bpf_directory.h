// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/error.h"

namespace flowmob::dataplane {

/// Where maps and programs are pinned, so that they outlive the daemon.
struct BpfDirectory {
  std::filesystem::path root;

  std::filesystem::path map(const std::string& name) const { return root / "maps" / name; }
  std::filesystem::path program(const std::string& name) const { return root / "programs" / name; }

  /// Makes the directories. "not-a-bpffs" when `root` is not on a BPF file system, "bad-bpf-directory" when
  /// the kernel will not have it.
  static Result<BpfDirectory> create(const std::filesystem::path& root);
  /// Unpins everything; the kernel frees what nothing uses any more. Success if there was nothing.
  static Result<void> remove(const std::filesystem::path& root);
};

}  // namespace flowmob::dataplane
