// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

struct sqlite3;

namespace flowmob::platform {

/// A daemon's records across restarts: key -> JSON text in one SQLite file (write-ahead log; docs/adr/0042).
/// Never discards a file it does not understand: "corrupt-state", "foreign-state", "newer-state",
/// "state-in-use".
class StateStore {
 public:
  static Result<StateStore> open(const std::filesystem::path& file);

  /// Durable against the death of the process when it returns.
  Result<void> put(std::string_view key, std::string_view json);
  Result<void> remove(std::string_view key);  ///< of an absent key: success
  Result<std::map<std::string, std::string>> load_all();

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit StateStore(std::unique_ptr<sqlite3, Close> database, std::filesystem::path file)
      : database_(std::move(database)), file_(std::move(file)) {}
  Result<void> run(const char* sql, std::string_view first, std::string_view second);

  std::unique_ptr<sqlite3, Close> database_;
  std::filesystem::path file_;
};

}  // namespace flowmob::platform
