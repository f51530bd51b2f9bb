// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wire/traffic_selector.h"

namespace flowmob::core {

/// Whose sockets on this node send the packets that a rule is for.
struct Sender {
  struct Users {
    std::string name;                                ///< as the file has it, a number or range too
    std::optional<wire::Range<std::uint32_t>> uids;  ///< none: it has to be looked for
    friend bool operator==(const Users&, const Users&) = default;
  };
  std::optional<Users> users;  ///< none: whosever
  std::string cgroup;          ///< path below the hierarchy's root, those below it too; empty: wherever
  friend bool operator==(const Sender&, const Sender&) = default;
};

/// Whom "policy explain" asks about; nothing known: packets of no socket, as those that are forwarded.
struct AskedSender {
  std::optional<std::uint32_t> uid;
  std::string cgroup;
};

bool is_below(std::string_view cgroup, std::string_view ancestor);
/// "user" or "cgroup", where that is not whom it is for.
std::optional<std::string_view> first_mismatch(const Sender& sender, const AskedSender& asked);

}  // namespace flowmob::core
