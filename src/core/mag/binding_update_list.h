// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/mag/attachment.h"

namespace flowmob::core {

/// The Binding Update List (RFC 5213 section 6.1) with its indexes. After an entry was changed, update() it.
/// References stay valid until the entry is erased.
class BindingUpdateList {
 public:
  /// A new entry; its id is above all that were ever seen here.
  Attachment& add(Attachment attachment);
  /// An entry with the id that it had.
  Attachment& restore(Attachment attachment);
  void erase(SessionId id);
  void update(const Attachment& attachment);

  /// For those who follow the entries: which were added, updated or erased since they last asked.
  void note_changes(bool on) { notes_changes_ = on; }
  std::vector<SessionId> take_changed() { return std::exchange(changed_, {}); }

  Attachment* find(SessionId id);
  /// Departed entries are not found by link.
  Attachment* find(std::string_view access, const MacAddress& link_layer);
  /// All entries of a link-layer address, on any access and in any state.
  std::vector<SessionId> find_all(const MacAddress& link_layer) const;
  /// Whose outstanding request carried this sequence number.
  Attachment* find_by_sequence(std::uint16_t sequence);
  /// Ids in ascending order, of all states.
  std::vector<SessionId> ids() const;
  const std::map<SessionId, Attachment>& entries() const { return entries_; }

  std::optional<TimePoint> next_deadline() const;
  std::vector<SessionId> due(TimePoint now) const;

 private:
  struct Indexed {
    std::optional<TimePoint> deadline;
    std::vector<std::uint16_t> sequences;
    bool by_link = false;
  };
  void unindex(const Attachment& attachment);

  std::map<SessionId, Attachment> entries_;
  std::map<SessionId, Indexed> indexed_;
  std::set<std::pair<TimePoint, SessionId>> deadlines_;
  std::unordered_map<std::uint16_t, SessionId> by_sequence_;
  std::map<std::pair<std::string, MacAddress>, SessionId, std::less<>> by_link_;
  std::set<std::pair<MacAddress, SessionId>> by_mac_;
  std::uint32_t last_id_ = 0;
  bool notes_changes_ = false;
  std::vector<SessionId> changed_;
};

}  // namespace flowmob::core
