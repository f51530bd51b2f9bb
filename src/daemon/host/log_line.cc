// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/log_line.h"

#include <algorithm>
#include <cctype>

namespace flowmob::daemon {
namespace {

using platform::Json;

bool is_plain(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
  });
}

std::string value_text(const Json& value) {
  if (value.is_string() && is_plain(value.get_ref<const std::string&>())) return value.get<std::string>();
  return value.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace

std::string log_line(const std::string& event, const Json& fields) {
  std::string line = event;
  for (const auto& [key, value] : fields.items())
    if (!platform::is_for_programs(key)) line += " " + key + "=" + value_text(value);
  return line;
}

}  // namespace flowmob::daemon
