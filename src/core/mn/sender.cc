// SPDX-License-Identifier: Apache-2.0
#include "core/mn/sender.h"

namespace flowmob::core {

bool is_below(std::string_view cgroup, std::string_view ancestor) {
  if (!cgroup.starts_with(ancestor)) return false;
  return cgroup.size() == ancestor.size() || cgroup[ancestor.size()] == '/';
}

std::optional<std::string_view> first_mismatch(const Sender& sender, const AskedSender& asked) {
  if (sender.users) {
    const auto& uids = sender.users->uids;
    if (!asked.uid || !uids || !uids->contains(*asked.uid)) return "user";
  }
  if (!sender.cgroup.empty() && !is_below(asked.cgroup, sender.cgroup)) return "cgroup";
  return std::nullopt;
}

}  // namespace flowmob::core
