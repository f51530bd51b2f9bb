// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/names_file.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "daemon/config/protocol_values.h"

namespace flowmob::daemon::config {
namespace {

/// As large as a configuration may be.
constexpr std::uintmax_t kLargestNames = 32u << 20u;

std::vector<std::string_view> words_in(std::string_view line) {
  constexpr std::string_view kBlank = " \t\r";
  line = line.substr(0, line.find('#'));
  std::vector<std::string_view> words;
  while (true) {
    const auto first = line.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return words;
    const auto end = line.find_first_of(kBlank, first);
    words.push_back(line.substr(first, end == std::string_view::npos ? end : end - first));
    line.remove_prefix(end == std::string_view::npos ? line.size() : end);
  }
}

std::optional<Ipv6Prefix> parse_prefix_or_address(std::string_view text) {
  if (const auto prefix = parse_any_prefix(text)) return prefix;
  const auto address = parse_any_address(text);
  return address ? std::optional(Ipv6Prefix{*address, 128}) : std::nullopt;
}

/// The word is one of the line's.
auto unusable(const std::string& file, unsigned number, std::string_view line, std::string_view word) {
  return fail("bad-names", fmt::format("{}:{}:{}: '{}': expected a name and prefixes or addresses, such as "
                                       "films 2001:db8:c::/64 192.0.2.7",
                                       file, number, word.data() - line.data() + 1, word));
}

}  // namespace

Result<NamedPrefixes> parse_names(std::string_view text, const std::string& file) {
  NamedPrefixes names;
  for (unsigned number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    const auto words = words_in(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (words.empty()) continue;
    if (words.size() == 1) return unusable(file, number, line, words[0]);
    auto& prefixes = names[std::string(words[0])];
    for (std::size_t i = 1; i < words.size(); ++i) {
      const auto prefix = parse_prefix_or_address(words[i]);
      if (!prefix) return unusable(file, number, line, words[i]);
      prefixes.push_back(*prefix);
    }
  }
  return names;
}

Result<NamedPrefixes> load_names(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error))
    return fail("bad-names", fmt::format("{}: no such file", path.string()));
  if (std::filesystem::file_size(path, error) > kLargestNames)
    return fail("bad-names", fmt::format("{}: larger than {} MiB", path.string(), kLargestNames >> 20u));
  std::ifstream stream(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  if (!stream.is_open() || stream.bad())
    return fail("bad-names", fmt::format("{}: cannot be read", path.string()));
  return parse_names(text, path.string());
}

}  // namespace flowmob::daemon::config
