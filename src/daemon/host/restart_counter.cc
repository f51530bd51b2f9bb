// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/restart_counter.h"

#include <spdlog/spdlog.h>

#include <charconv>
#include <fstream>
#include <optional>
#include <string>

namespace flowmob::daemon {
namespace {

constexpr const char* kKey = "restart-counter";

std::optional<std::uint32_t> number_in(const std::string& text) {
  std::uint32_t value{};
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && stop != text.data() ? std::optional(value) : std::nullopt;
}

std::filesystem::path file_beside(const std::filesystem::path& database) {
  return database.string() + ".restarts";
}

std::optional<std::uint32_t> read(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  return std::getline(in, line) ? number_in(line) : std::nullopt;
}

/// The old one or the new one, whatever happens meanwhile.
Result<void> write(const std::filesystem::path& file, std::uint32_t value) {
  const std::filesystem::path fresh = file.string() + ".new";
  std::ofstream out(fresh, std::ios::trunc);
  out << value << '\n';
  out.close();
  std::error_code error;
  if (out) std::filesystem::rename(fresh, file, error);
  if (!out || error) return fail("state-failed", file.string() + ": the restart counter cannot be written");
  return {};
}

std::uint32_t after(std::optional<std::uint32_t> last, WallTime now) {
  if (last) return *last + 1;
  return static_cast<std::uint32_t>(std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count());
}

}  // namespace

/// The database says in which life it was begun: one that is not of the last life has not what that one knew.
/// One without a word of it is new, or of a version that did not count.
Result<RestartCounter> begin_life(platform::StateStore& store, const std::filesystem::path& database,
                                  WallTime now) {
  const auto all = store.load_all();
  if (!all) return tl::unexpected(all.error());
  const auto kept = all->find(kKey);
  const auto last = read(file_beside(database));
  const auto begun = kept == all->end() ? std::nullopt : number_in(kept->second);
  if (begun && (!last || *begun == *last)) {
    // A counter that stays needs no disk; the database knows it as well.
    const auto written = last ? Result<void>{} : write(file_beside(database), *begun);
    if (!written) spdlog::warn("{}", written.error().message);
    return RestartCounter{*begun, false};
  }
  const bool lost_state = begun.has_value() || all->empty();
  const std::uint32_t value = after(last, now);
  return write(file_beside(database), value)
      .and_then([&] { return store.put(kKey, std::to_string(value)); })
      .map([&] {
        return RestartCounter{value, lost_state};
      });
}

}  // namespace flowmob::daemon
