// SPDX-License-Identifier: Apache-2.0
#include "lab/domain/logs.h"

#include <algorithm>
#include <deque>
#include <fstream>
#include <vector>

namespace flowmob::lab {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> logs_in(const fs::path& directory) {
  std::vector<fs::path> logs;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().extension() == ".log") logs.push_back(entry.path());
  }
  std::ranges::sort(logs);
  return logs;
}

}  // namespace

std::string log_tails(const Plan& plan, std::size_t lines) { return log_tails(plan.directory(), lines); }

std::string log_tails(const fs::path& directory, std::size_t lines) {
  std::string text;
  for (const fs::path& path : logs_in(directory)) {
    std::ifstream log(path);
    std::deque<std::string> last;
    for (std::string line; std::getline(log, line);) {
      last.push_back(line);
      if (last.size() > lines) last.pop_front();
    }
    if (!last.empty()) text += "  " + path.stem().string() + ":\n";
    for (const std::string& line : last) text += "    " + line + "\n";
  }
  return text;
}

void keep_logs(const Plan& plan, const fs::path& where) {
  std::error_code error;
  fs::create_directories(where, error);
  for (const fs::path& log : logs_in(plan.directory()))
    fs::copy_file(log, where / log.filename(), fs::copy_options::overwrite_existing, error);
}

}  // namespace flowmob::lab
