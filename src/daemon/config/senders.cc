// SPDX-License-Identifier: Apache-2.0
// Rules of a mobile node by who on it sends.
#include "daemon/config/mn_file.h"

namespace flowmob::daemon::config {

void find_users_of(std::vector<Element<MnRuleRow>>& rules, const LoadOptions& options,
                   Diagnostics& diagnostics) {
  if (!options.find_user) return;
  for (auto& rule : rules) {
    auto& match = rule.value.match;
    if (!match.value.user) continue;
    auto& users = match.value.user->values;
    for (std::size_t i = 0; i < users.size(); ++i) {
      if (users[i].uids) continue;
      const auto found = options.find_user(users[i].name);
      if (!found)
        diagnostics.add(match.at("user", i), "the name service failed: " + found.error().message);
      else if (const auto& uid = *found)
        users[i].uids = wire::Range<std::uint32_t>{*uid, *uid};
      else
        diagnostics.add(match.at("user", i),
                        fmt::format("there is no user '{}' on this machine", users[i].name),
                        "the name of a user, or a uid");
    }
  }
}

std::size_t count_senders(const MatchRow& match) {
  return (match.user ? match.user->values.size() : 1) * (match.cgroup ? match.cgroup->values.size() : 1);
}

/// Each user in each cgroup; nothing where the match asks for neither.
std::vector<core::Sender> make_senders(const MatchRow& match) {
  if (!match.user && !match.cgroup) return {};
  std::vector<core::Sender> all(1);
  if (match.user) {
    all.clear();
    for (const auto& users : match.user->values) all.push_back({users, {}});
  }
  if (!match.cgroup) return all;
  std::vector<core::Sender> in_cgroups;
  for (const auto& sender : all)
    for (const auto& cgroup : match.cgroup->values) in_cgroups.push_back({sender.users, cgroup.path});
  return in_cgroups;
}

/// Where the anchor decides, the node has no word, and the anchor sees no sockets.
void check_senders(const Element<MnRuleRow>& rule, Decider decider, Diagnostics& diagnostics) {
  const auto& match = rule.value.match;
  if (decider == Decider::Mn || match.node == nullptr) return;
  for (const char* key : {"dscp", "user", "cgroup"})
    if (match.node->find(key) != nullptr)
      diagnostics.add(match.at(key),
                      fmt::format("'{}' where the anchor decides, which does not know what sends here", key),
                      fmt::format("`decider = \"mn\"` in [mn], or no '{}'", key));
}

}  // namespace flowmob::daemon::config
