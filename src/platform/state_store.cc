// SPDX-License-Identifier: Apache-2.0
#include "platform/state_store.h"

#include <fcntl.h>
#include <sqlite3.h>

#include <system_error>

#include "platform/unique_fd.h"

namespace flowmob::platform {
namespace {

constexpr int kApplicationId = 0x464c4d42;  // "FLMB", in the file's header
constexpr int kSchemaVersion = 1;

tl::unexpected<Error> fail_sqlite(int status, sqlite3* database, const std::filesystem::path& file) {
  const std::string what =
      file.string() + ": " + (database != nullptr ? sqlite3_errmsg(database) : "out of memory");
  switch (status & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return fail("corrupt-state", what + "; move it away to start without the bindings it held");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fail("state-in-use", what + "; does another daemon use this file?");
    default:
      return fail("state-failed", what);
  }
}

Result<void> execute(sqlite3* database, const std::filesystem::path& file, const char* sql) {
  const int status = sqlite3_exec(database, sql, nullptr, nullptr, nullptr);
  if (status != SQLITE_OK) return fail_sqlite(status, database, file);
  return {};
}

using OneStatement = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;

/// The first column of the first row: what a PRAGMA answers.
Result<std::string> query(sqlite3* database, const std::filesystem::path& file, const char* sql) {
  sqlite3_stmt* raw = nullptr;
  int status = sqlite3_prepare_v2(database, sql, -1, &raw, nullptr);
  const OneStatement statement(raw, &sqlite3_finalize);
  if (status == SQLITE_OK) status = sqlite3_step(raw);
  if (status == SQLITE_DONE) return std::string();
  if (status != SQLITE_ROW) return fail_sqlite(status, database, file);
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(raw, 0));
  return std::string(text != nullptr ? text : "");
}

/// A new file, ours to write into, is 0; an error unless it is new or ours.
Result<bool> is_new(sqlite3* database, const std::filesystem::path& file) {
  const auto application = query(database, file, "PRAGMA application_id");
  const auto version = query(database, file, "PRAGMA user_version");
  const auto tables = query(database, file, "SELECT count(*) FROM sqlite_master");
  for (const auto* answer : {&application, &version, &tables}) {
    if (!*answer) return tl::unexpected(answer->error());
  }
  if (*application == "0" && *tables == "0") return true;
  if (*application != std::to_string(kApplicationId)) {
    return fail("foreign-state", file.string() + ": a database of another program; left alone");
  }
  if (*version != std::to_string(kSchemaVersion)) {
    return fail("newer-state", file.string() + ": format " + *version + ", this program reads format " +
                                   std::to_string(kSchemaVersion));
  }
  return false;
}

Result<void> create_schema(sqlite3* database, const std::filesystem::path& file) {
  const std::string sql =
      "BEGIN IMMEDIATE; PRAGMA application_id = " + std::to_string(kApplicationId) +
      "; PRAGMA user_version = " + std::to_string(kSchemaVersion) +
      "; CREATE TABLE records (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID; COMMIT";
  return execute(database, file, sql.c_str());
}

Result<void> check_integrity(sqlite3* database, const std::filesystem::path& file) {
  const auto verdict = query(database, file, "PRAGMA quick_check(1)");
  if (!verdict) return tl::unexpected(verdict.error());
  if (*verdict != "ok") return fail("corrupt-state", file.string() + ": " + *verdict);
  return {};
}

/// Who is where is nobody else's business. SQLite gives the files beside the database its permissions.
void create_private(const std::filesystem::path& file) {
  const UniqueFd created(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
}

/// A file that an older version made, once it is known to be ours.
void make_private(const std::filesystem::path& file) {
  using std::filesystem::perms;
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::error_code is_absent;
    std::filesystem::permissions(file.string() + suffix, perms::group_all | perms::others_all,
                                 std::filesystem::perm_options::remove, is_absent);
  }
}

/// Takes the file for us alone, reads nothing into it that is not there, and prepares it.
Result<void> prepare(sqlite3* database, const std::filesystem::path& file) {
  // Exclusive: a second daemon on the same file is an error at once. NORMAL with a write-ahead log loses
  // nothing when the process dies; a power cut may lose the last moments, and the bindings in them come back
  // by re-registration.
  auto ready = execute(database, file, "PRAGMA locking_mode = EXCLUSIVE");
  if (!ready) return ready;
  const auto fresh = is_new(database, file);
  if (!fresh) return tl::unexpected(fresh.error());
  ready = execute(database, file, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  if (ready && *fresh) ready = create_schema(database, file);
  if (ready && !*fresh) ready = check_integrity(database, file);
  // A write takes the lock for good.
  if (ready) ready = execute(database, file, "BEGIN IMMEDIATE; COMMIT");
  return ready;
}

}  // namespace

void StateStore::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }
void StateStore::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Result<StateStore> StateStore::open(const std::filesystem::path& file) {
  std::error_code error;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), error);
  if (error) return fail("state-failed", file.parent_path().string() + ": " + error.message());
  create_private(file);
  sqlite3* raw = nullptr;
  const int status = sqlite3_open_v2(
      file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<sqlite3, Close> database(raw);
  if (status != SQLITE_OK) return fail_sqlite(status, raw, file);
  if (auto ready = prepare(raw, file); !ready) return tl::unexpected(ready.error());
  make_private(file);
  return StateStore(std::move(database), file);
}

Result<sqlite3_stmt*> StateStore::prepared(std::string_view sql) {
  Statement& known = statements_[sql];
  if (known) return known.get();
  sqlite3_stmt* raw = nullptr;
  const int status = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  known.reset(raw);
  if (status != SQLITE_OK) return fail_sqlite(status, database_.get(), file_);
  return raw;
}

/// SQLite itself may give up a transaction, as when the disk is full.
bool StateStore::has_lost_batch() const { return in_batch_ && sqlite3_get_autocommit(database_.get()) != 0; }

Result<void> StateStore::run(std::string_view sql, std::string_view first, std::string_view second) {
  if (has_lost_batch()) return fail("state-failed", file_.string() + ": the batch has failed");
  const auto statement = prepared(sql);
  if (!statement) return tl::unexpected(statement.error());
  int status = SQLITE_OK, column = 0;
  for (const std::string_view value : {first, second}) {
    if (status != SQLITE_OK || ++column > sqlite3_bind_parameter_count(*statement)) break;
    status = sqlite3_bind_text64(*statement, column, value.data() != nullptr ? value.data() : "",
                                 value.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  if (status == SQLITE_OK) status = sqlite3_step(*statement);
  Result<void> outcome;
  if (status != SQLITE_DONE && status != SQLITE_ROW) outcome = fail_sqlite(status, database_.get(), file_);
  sqlite3_reset(*statement);
  return outcome;
}

Result<void> StateStore::begin() {
  if (in_batch_) return {};
  auto outcome = run("BEGIN IMMEDIATE");
  in_batch_ = outcome.has_value();
  return outcome;
}

Result<void> StateStore::commit() {
  if (!in_batch_) return {};
  auto outcome = run("COMMIT");
  if (!outcome && !has_lost_batch()) static_cast<void>(run("ROLLBACK"));
  in_batch_ = false;
  return outcome;
}

Result<void> StateStore::put(std::string_view key, std::string_view json) {
  return run(
      "INSERT INTO records (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = "
      "excluded.value",
      key, json);
}

Result<void> StateStore::remove(std::string_view key) {
  return run("DELETE FROM records WHERE key = ?1", key, {});
}

Result<std::map<std::string, std::string>> StateStore::load_all() {
  sqlite3_stmt* raw = nullptr;
  int status = sqlite3_prepare_v2(database_.get(), "SELECT key, value FROM records", -1, &raw, nullptr);
  const OneStatement statement(raw, &sqlite3_finalize);
  std::map<std::string, std::string> records;
  while (status == SQLITE_OK || status == SQLITE_ROW) {
    status = sqlite3_step(raw);
    if (status != SQLITE_ROW) break;
    const auto column = [raw](int number) {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(raw, number));
      return text == nullptr ? std::string()
                             : std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(raw, number)));
    };
    records.emplace(column(0), column(1));
  }
  if (status != SQLITE_DONE) return fail_sqlite(status, database_.get(), file_);
  return records;
}

}  // namespace flowmob::platform
