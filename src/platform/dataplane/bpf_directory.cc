// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/bpf_directory.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <system_error>

namespace flowmob::dataplane {
namespace {

namespace fs = std::filesystem;

bool is_on_bpffs(const fs::path& path) {
  struct statfs info {};
  return ::statfs(path.c_str(), &info) == 0 && info.f_type == BPF_FS_MAGIC;
}

fs::path nearest_existing(fs::path path) {
  std::error_code ignored;
  while (!fs::exists(path, ignored) && path.has_relative_path()) path = path.parent_path();
  return path;
}

Result<void> check_path(const fs::path& root) {
  if (!root.is_absolute()) return fail("bad-bpf-directory", root.string() + " is not an absolute path");
  if (is_on_bpffs(nearest_existing(root))) return {};
  return fail("not-a-bpffs", root.string() +
                                 " is not on a BPF file system. Mount one with `mount -t bpf bpf "
                                 "/sys/fs/bpf`; `ip netns exec` hides it, --netns does not");
}

}  // namespace

Result<BpfDirectory> BpfDirectory::create(const fs::path& root) {
  if (auto checked = check_path(root); !checked) return tl::unexpected(checked.error());
  for (const char* part : {"maps", "programs"}) {
    std::error_code error;
    fs::create_directories(root / part, error);
    if (error)
      return fail("bad-bpf-directory", "cannot create " + (root / part).string() + ": " + error.message() +
                                           " (names with dots are not permitted there)");
  }
  return BpfDirectory{root};
}

Result<void> BpfDirectory::remove(const fs::path& root) {
  std::error_code error;
  if (!fs::exists(root, error)) return {};
  if (auto checked = check_path(root); !checked) return checked;
  fs::remove_all(root, error);
  if (error) return fail("bad-bpf-directory", "cannot remove " + root.string() + ": " + error.message());
  return {};
}

}  // namespace flowmob::dataplane
