// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/config/names_file.h"
#include "daemon/config/policy_file.h"

namespace flowmob::daemon::config {

/// How many selectors it takes to say what a match says: one has one range for each field (RFC 6088).
std::size_t count_selectors(const MatchRow& match, const NamedPrefixes& names);
std::vector<wire::TrafficSelector6> make_selectors(const MatchRow& match, const NamedPrefixes& names);

}  // namespace flowmob::daemon::config
