// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "platform/netlink_types.h"

struct nlmsghdr;

namespace flowmob::platform {

/// The link that a RTM_NEWLINK or RTM_DELLINK message tells of.
std::optional<Link> parse_link(const nlmsghdr& message);

/// "bad-interface-name"
Result<void> check_name(std::string_view name);

inline Error describe(Error error, const std::string& what) {
  error.message = what + ": " + error.message;
  return error;
}

inline std::string describe(InterfaceIndex index) { return "interface " + std::to_string(index.value); }

/// How a failure is told: by what it was about.
inline auto describing(std::string what) {
  return [what = std::move(what)](Error error) { return describe(std::move(error), what); };
}

}  // namespace flowmob::platform
