// SPDX-License-Identifier: Apache-2.0
#include "core/mag/binding_update_list.h"

#include <algorithm>

namespace flowmob::core {

Attachment& BindingUpdateList::add(Attachment attachment) {
  attachment.id = SessionId{last_id_ + 1};
  return restore(std::move(attachment));
}

Attachment& BindingUpdateList::restore(Attachment attachment) {
  const SessionId id = attachment.id;
  erase(id);
  last_id_ = std::max(last_id_, id.value);
  auto& entry = entries_.insert_or_assign(id, std::move(attachment)).first->second;
  by_mac_.insert({entry.link_layer, id});
  update(entry);
  return entry;
}

void BindingUpdateList::erase(SessionId id) {
  const auto entry = entries_.find(id);
  if (entry == entries_.end()) return;
  if (notes_changes_) changed_.push_back(id);
  unindex(entry->second);
  indexed_.erase(id);
  by_mac_.erase({entry->second.link_layer, id});
  entries_.erase(entry);
}

void BindingUpdateList::unindex(const Attachment& attachment) {
  auto& indexed = indexed_[attachment.id];
  if (indexed.deadline) deadlines_.erase({*indexed.deadline, attachment.id});
  for (const auto sequence : indexed.sequences) by_sequence_.erase(sequence);
  if (indexed.by_link) {
    const auto link = by_link_.find(std::pair(attachment.access, attachment.link_layer));
    if (link != by_link_.end() && link->second == attachment.id) by_link_.erase(link);
  }
  indexed = {};
}

void BindingUpdateList::update(const Attachment& attachment) {
  if (notes_changes_) changed_.push_back(attachment.id);
  unindex(attachment);
  auto& indexed = indexed_[attachment.id];
  indexed.deadline = attachment.next_deadline();
  if (indexed.deadline) deadlines_.insert({*indexed.deadline, attachment.id});
  if (attachment.request)
    for (const auto& transmission : attachment.request->transmissions) {
      indexed.sequences.push_back(transmission.sequence);
      by_sequence_[transmission.sequence] = attachment.id;
    }
  indexed.by_link = attachment.state != AttachmentState::Departed;
  if (indexed.by_link) by_link_[{attachment.access, attachment.link_layer}] = attachment.id;
}

Attachment* BindingUpdateList::find(SessionId id) {
  const auto entry = entries_.find(id);
  return entry == entries_.end() ? nullptr : &entry->second;
}

Attachment* BindingUpdateList::find(std::string_view access, const MacAddress& link_layer) {
  const auto found = by_link_.find(std::pair(std::string(access), link_layer));
  return found == by_link_.end() ? nullptr : find(found->second);
}

std::vector<SessionId> BindingUpdateList::find_all(const MacAddress& link_layer) const {
  std::vector<SessionId> ids;
  for (auto at = by_mac_.lower_bound({link_layer, SessionId{}});
       at != by_mac_.end() && at->first == link_layer; ++at)
    ids.push_back(at->second);
  return ids;
}

Attachment* BindingUpdateList::find_by_sequence(std::uint16_t sequence) {
  const auto found = by_sequence_.find(sequence);
  return found == by_sequence_.end() ? nullptr : find(found->second);
}

std::vector<SessionId> BindingUpdateList::ids() const {
  std::vector<SessionId> ids;
  for (const auto& entry : entries_) ids.push_back(entry.first);
  return ids;
}

std::optional<TimePoint> BindingUpdateList::next_deadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

std::vector<SessionId> BindingUpdateList::due(TimePoint now) const {
  std::vector<SessionId> ids;
  for (const auto& [deadline, id] : deadlines_) {
    if (deadline > now) break;
    ids.push_back(id);
  }
  return ids;
}

}  // namespace flowmob::core
