// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/sender_values.h"

#include <algorithm>

namespace flowmob::daemon::config {
namespace {

using Users = core::Sender::Users;
constexpr std::size_t kLongestName = 255, kLongestPath = 4000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// What begins like a number is one, or a mistake.
bool is_user_name(std::string_view text) {
  const auto is_plain = [](char c) { return c > ' ' && c != ':' && c != '/' && c != ',' && c != 0x7f; };
  return !text.empty() && text.size() <= kLongestName && !is_digit(text[0]) && text[0] != '-' &&
         text[0] != '+' && std::ranges::all_of(text, is_plain);
}

std::optional<Users> uids(std::string written, std::uint64_t first, std::uint64_t last) {
  return Users{std::move(written), wire::Range<std::uint32_t>{static_cast<std::uint32_t>(first),
                                                              static_cast<std::uint32_t>(last)}};
}

bool is_component(std::string_view name) { return !name.empty() && name != "." && name != ".."; }

}  // namespace

std::optional<Users> ValueType<Users>::convert(const Node& node) {
  if (const auto* number = node.as<std::int64_t>()) {
    if (*number < 0 || *number > std::int64_t{kLastUid}) return std::nullopt;
    const auto uid = static_cast<std::uint64_t>(*number);
    return uids(std::to_string(uid), uid, uid);
  }
  const auto* text = node.as<std::string>();
  if (text == nullptr) return std::nullopt;
  if (const auto range = parse_number_range(*text, kLastUid)) return uids(*text, range->first, range->second);
  return is_user_name(*text) ? std::optional(Users{*text, std::nullopt}) : std::nullopt;
}

std::optional<CgroupPath> ValueType<CgroupPath>::convert(const Node& node) {
  const auto* text = node.as<std::string>();
  if (text == nullptr || !text->starts_with('/') || text->size() > kLongestPath ||
      text->find('\0') != std::string::npos)
    return std::nullopt;
  std::size_t begin = 1;
  for (auto end = begin; end != std::string::npos; begin = end + 1) {
    end = text->find('/', begin);
    if (!is_component(std::string_view(*text).substr(begin, end - begin))) return std::nullopt;
  }
  return CgroupPath{*text};
}

}  // namespace flowmob::daemon::config
