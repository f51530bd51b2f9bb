// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/error.h"

namespace flowmob::daemon::config {

using NamedPrefixes = std::map<std::string, std::vector<Ipv6Prefix>, std::less<>>;

/// In each line a name and prefixes of either family; a name may stand in several lines. '#' begins a remark.
/// "bad-names" says where: "FILE:3: ...".
Result<NamedPrefixes> parse_names(std::string_view text, const std::string& file);
Result<NamedPrefixes> load_names(const std::filesystem::path& path);

}  // namespace flowmob::daemon::config
