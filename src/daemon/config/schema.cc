// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/schema.h"

#include <algorithm>

#include "daemon/config/spelling.h"

namespace flowmob::daemon::config {
namespace {

std::string what_instead(std::string_view wrong, const SectionDoc& section) {
  std::vector<std::string_view> known;
  for (const KeyDoc& key : section.keys) known.push_back(key.name);
  if (const auto meant = did_you_mean(wrong, known)) return fmt::format("'{}' (did you mean that?)", *meant);
  return fmt::format("one of {}", fmt::join(known, ", "));
}

/// "[lma]" or "[[mag]]" for the keys of the file's top, "'address'" for the others.
std::string call(const KeyDoc& key) {
  return key.section != nullptr ? key.section->title : fmt::format("'{}'", key.name);
}

}  // namespace

void check_members(const Node& table, const SectionDoc& section, Diagnostics& diagnostics) {
  for (const Member& member : *table.as<Table>()) {
    if (std::ranges::find(section.keys, member.key, &KeyDoc::name) == section.keys.end())
      diagnostics.add(member.at, fmt::format("unknown key '{}' in {}", member.key, section.title),
                      what_instead(member.key, section));
  }
  for (const KeyDoc& key : section.keys) {
    if (key.required && table.find(key.name) == nullptr)
      diagnostics.add(table.at, fmt::format("{} is missing in {}", call(key), section.title), key.help);
  }
}

}  // namespace flowmob::daemon::config
