// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/records.h"

namespace flowmob::daemon {

Result<void> remove_records(const std::filesystem::path& database) {
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::error_code error;
    std::filesystem::remove(database.string() + suffix, error);
    if (error) return fail("state-failed", database.string() + suffix + ": " + error.message());
  }
  return {};
}

}  // namespace flowmob::daemon
