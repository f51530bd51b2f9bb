// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

struct sqlite3;
struct sqlite3_stmt;

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

  /// What is put and removed until commit() is one: durable when that returns, or none of it is there. Within
  /// a batch it changes nothing.
  Result<void> begin();
  Result<void> commit();

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;
  explicit StateStore(std::unique_ptr<sqlite3, Close> database, std::filesystem::path file)
      : database_(std::move(database)), file_(std::move(file)) {}
  Result<sqlite3_stmt*> prepared(std::string_view sql);
  Result<void> run(std::string_view sql, std::string_view first = {}, std::string_view second = {});
  bool has_lost_batch() const;

  std::unique_ptr<sqlite3, Close> database_;
  std::map<std::string_view, Statement> statements_;  ///< by their text, a literal
  std::filesystem::path file_;
  bool in_batch_ = false;
};

}  // namespace flowmob::platform
