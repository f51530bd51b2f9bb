// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/config/schema.h"
#include "daemon/config/settings.h"

namespace flowmob::daemon::config {

Rule<std::filesystem::path> socket_path();  ///< fits sockaddr_un

/// Adds the rows for where a daemon keeps things; `paths` leads from a T to its DaemonPaths.
template <class T, class Paths>
void add_path_keys(Section<T>& section, bool keeps_state, Paths paths) {
  using K = Keys<T>;
  const auto place = [paths](auto member) {
    return
        [paths, member](T& target) -> std::filesystem::path& { return std::invoke(paths, target).*member; };
  };
  std::vector<Key<T>> keys = section.keys;
  keys.push_back(K::derived("control", place(&DaemonPaths::control), "the control socket",
                            "\"/run/flowmob/NAME.sock\"", socket_path()));
  if (keeps_state)
    keys.push_back(K::derived("state", place(&DaemonPaths::state),
                              "the database in which bindings outlive a restart",
                              "\"/var/lib/flowmob/NAME.db\""));
  keys.push_back(K::derived("bpf", place(&DaemonPaths::bpf),
                            "the folder, on a BPF file system, of pinned programs and maps",
                            "\"/sys/fs/bpf/flowmob/NAME\""));
  section = Section<T>(section.doc->title, std::move(keys));
}

}  // namespace flowmob::daemon::config
