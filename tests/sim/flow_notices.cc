// SPDX-License-Identifier: Apache-2.0
#include "flow_notices.h"

#include <algorithm>

namespace flowmob::sim {
namespace {

using namespace std::chrono_literals;
using Kind = core::FlowSighting::Kind;

// FM_NOTICE_* of src/dataplane/abi/notice.h.
constexpr Duration kWait = 200ms, kUsualMost = 10s, kPause = 1s, kEffect = 1s, kEvery = 10s;

core::FlowKey key_of(const Packet& packet) {
  core::FlowKey key;
  key.source = packet.correspondent;
  key.destination = packet.node;
  key.protocol = packet.flow.protocol;
  if (packet.flow.source_port != 0)
    key.ports = core::FlowKey::Ports{packet.flow.source_port, packet.flow.destination_port};
  return key;
}

}  // namespace

Duration FlowNotices::Row::going_on(Duration now) const {
  return unanswered + std::min(now - last_up, kPause);
}

std::optional<Kind> FlowNotices::Row::to_tell(Duration now) const {
  const bool is_unanswered = packets >= 2 && unanswered >= kWait + 2 * usual;
  if (!is_told && is_unanswered) return Kind::New;
  if (!said || now - *said < kEvery) return std::nullopt;
  return is_told ? Kind::Unanswered : Kind::Alive;
}

void FlowNotices::up(Duration now, SessionId attachment, const Packet& packet) {
  const auto [at, is_new] =
      rows_.try_emplace({packet.flow, packet.node}, Row{attachment, now, {}, {}, {}, 1});
  Row& row = at->second;
  if (is_new) return;
  if (row.attachment != attachment) {
    row = Row{attachment, now, {}, {}, {}, 1};
    return;
  }
  if (row.packets != 0) row.unanswered = row.going_on(now);
  row.last_up = now;
  ++row.packets;
  const auto kind = row.to_tell(now);
  if (!kind) return;
  row.said = now;
  if (*kind == Kind::New) {
    row.is_told = true;
    row.usual /= 2;
  }
  tell_({attachment, key_of(packet), *kind});
}

void FlowNotices::down(Duration now, const Packet& packet) {
  const auto at = rows_.find({packet.flow, packet.node});
  if (at == rows_.end() || at->second.packets == 0) return;
  Row& row = at->second;
  const bool is_effect = row.is_told && now - *row.said < kEffect;
  if (!is_effect) row.usual = std::max(row.usual, std::min(row.going_on(now), kUsualMost));
  row.packets = 0;
  row.unanswered = {};
  row.is_told = false;
}

}  // namespace flowmob::sim
