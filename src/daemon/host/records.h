// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spdlog/spdlog.h>

#include <vector>

#include "core/effect.h"
#include "platform/state_store.h"

namespace flowmob::daemon {

/// What a predecessor left in the state store. A record that cannot be read is logged and left where it is:
/// the others are worth more than a refusal to start. Their keys have a slash; others are the daemon's own.
template <class Record>
Result<std::vector<Record>> load_records(platform::StateStore& store) {
  const auto all = store.load_all();
  if (!all) return tl::unexpected(all.error());
  std::vector<Record> records;
  for (const auto& [key, text] : *all) {
    if (key.find('/') == std::string::npos) continue;
    auto record = Record::from_json(core::Json::parse(text, nullptr, false));
    if (record)
      records.push_back(std::move(*record));
    else
      spdlog::error("state record '{}': {}", key, record.error().message);
  }
  return records;
}

template <class Record>
Result<void> store_record(platform::StateStore& store, const std::string& key, const Record& record) {
  return store.put(key, record.to_json().dump(-1, ' ', true, core::Json::error_handler_t::replace));
}

/// The database and the files SQLite keeps beside it.
Result<void> remove_records(const std::filesystem::path& database);

}  // namespace flowmob::daemon
