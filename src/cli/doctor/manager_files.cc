// SPDX-License-Identifier: Apache-2.0
// How other programs write down what they do.
#include <fnmatch.h>
#include <glob.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include "cli/doctor/managers.h"

namespace flowmob::cli {
namespace {

namespace fs = std::filesystem;

/// /etc/network/interfaces may include itself.
constexpr int kDeepestInclusion = 8;

std::vector<std::string> lines_of(const fs::path& file) {
  std::vector<std::string> lines;
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> words_of(std::string line) {
  std::ranges::replace(line, ',', ' ');
  std::istringstream in(line);
  return {std::istream_iterator<std::string>(in), {}};
}

std::vector<fs::path> files_like(const std::string& pattern) {
  std::vector<fs::path> found;
  ::glob_t matches{};
  if (::glob(pattern.c_str(), 0, nullptr, &matches) == 0)
    for (std::size_t i = 0; i < matches.gl_pathc; ++i) found.emplace_back(matches.gl_pathv[i]);
  ::globfree(&matches);
  return found;
}

/// `written`: as in a file of /etc/network, from which relative paths begin.
fs::path in_root(const fs::path& root, const std::string& written) {
  const fs::path path(written);
  return root / (path.is_absolute() ? path.relative_path() : "etc/network" / path);
}

void collect_ifupdown(const fs::path& root, const fs::path& file, int depth,
                      std::vector<std::string>& found) {
  if (depth > kDeepestInclusion) return;
  for (const auto& line : lines_of(file)) {
    const auto words = words_of(line);
    if (words.size() < 2) continue;
    if (words[0] == "iface" && words.size() >= 4 && words[3] != "manual") found.push_back(words[1]);
    if (words[0] == "source")
      for (const auto& more : files_like(in_root(root, words[1]).string()))
        collect_ifupdown(root, more, depth + 1, found);
    if (words[0] == "source-directory")
      for (const auto& more : files_like((in_root(root, words[1]) / "*").string()))
        collect_ifupdown(root, more, depth + 1, found);
  }
}

bool is_named(const std::vector<std::string>& words, const std::string& interface) {
  return std::any_of(words.begin() + 1, words.end(), [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), interface.c_str(), 0) == 0;
  });
}

bool is_in_our_namespace(const fs::path& root, const fs::path& process) {
  std::error_code error;
  const auto own = fs::read_symlink(root / "proc/self/ns/net", error);
  if (error) return true;  // nobody says otherwise
  const auto its = fs::read_symlink(process / "ns/net", error);
  return error || its == own;
}

}  // namespace

std::string value_in(const fs::path& file, const std::string& key) {
  for (const auto& line : lines_of(file)) {
    const auto words = line.find('=');
    if (words == std::string::npos) continue;
    const auto name = words_of(line.substr(0, words));
    const auto value = words_of(line.substr(words + 1));
    if (name.size() == 1 && name[0] == key && !value.empty()) return value[0];
  }
  return "";
}

std::vector<std::string> ifupdown_interfaces(const fs::path& root) {
  std::vector<std::string> found;
  collect_ifupdown(root, root / "etc/network/interfaces", 0, found);
  return found;
}

bool is_denied_to_dhcpcd(const fs::path& root, const std::string& interface) {
  bool is_denied = false, others_are_allowed = false, is_allowed = false;
  for (const auto& line : lines_of(root / "etc/dhcpcd.conf")) {
    const auto words = words_of(line);
    if (words.empty()) continue;
    if (words[0] == "interface") break;  // from here on lines are one interface's
    is_denied = is_denied || (words[0] == "denyinterfaces" && is_named(words, interface));
    if (words[0] != "allowinterfaces") continue;
    others_are_allowed = true;
    is_allowed = is_allowed || is_named(words, interface);
  }
  return is_denied || (others_are_allowed && !is_allowed);
}

std::vector<Process> processes_below(const fs::path& root) {
  std::vector<Process> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root / "proc", error)) {
    const auto name = lines_of(entry.path() / "comm");
    if (name.empty() || !is_in_our_namespace(root, entry.path())) continue;
    std::ifstream in(entry.path() / "cmdline");
    Process process{name.front(), {}};
    // dhcpcd writes its own with blanks.
    for (std::string argument; std::getline(in, argument, '\0');)
      std::ranges::move(words_of(argument), std::back_inserter(process.words));
    if (!process.words.empty()) process.words.erase(process.words.begin());
    found.push_back(std::move(process));
  }
  return found;
}

}  // namespace flowmob::cli
