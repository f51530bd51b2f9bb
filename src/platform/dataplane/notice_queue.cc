// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/notice_queue.h"

#include <cstring>

#include "dataplane/abi/notice.h"
#include "platform/dataplane/convert.h"

namespace flowmob::dataplane {
namespace {

core::FlowKey to_flow_key(const fm_flow_key& row) {
  core::FlowKey key;
  key.source = from_number(row.source);
  key.destination = from_number(row.destination);
  key.protocol = row.protocol;
  if ((row.has & FM_FLOW_HAS_PORTS) != 0)
    key.ports = core::FlowKey::Ports{row.source_port, row.destination_port};
  if ((row.has & FM_FLOW_HAS_SPI) != 0) key.spi = row.spi;
  return key;
}

core::FlowSighting::Kind to_kind(std::uint32_t kind) {
  using Kind = core::FlowSighting::Kind;
  if (kind == FM_NOTICE_NEW) return Kind::New;
  return kind == FM_NOTICE_UNANSWERED ? Kind::Unanswered : Kind::Alive;
}

}  // namespace

Result<std::unique_ptr<RingQueue>> open_notice_queue(const BpfObject& object, OnSighting on_sighting) {
  return RingQueue::open(object, "notices", [on_sighting = std::move(on_sighting)](ByteView row) {
    fm_notice notice;
    if (row.size() < sizeof notice) return;
    std::memcpy(&notice, row.data(), sizeof notice);
    on_sighting({SessionId{notice.attachment}, to_flow_key(notice.key), to_kind(notice.kind)});
  });
}

}  // namespace flowmob::dataplane
