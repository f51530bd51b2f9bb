// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "platform/control_message.h"

namespace flowmob::cli {

using platform::Json;

struct Look {
  std::size_t width = 100;
  bool colour = false;
};

/// A daemon's answer to `command` as text: as the command's own page, or as render_any() where it has none.
std::string render(std::string_view command, const Json& result, const Look& look);

/// Any document: scalars as "name: value", lists of objects as tables.
std::string render_any(const Json& result, const Look& look);

}  // namespace flowmob::cli
