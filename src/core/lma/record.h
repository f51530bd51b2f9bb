// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "base/time.h"
#include "core/effect.h"
#include "core/ipv4_home.h"
#include "core/tunnelling.h"
#include "wire/enums.h"
#include "wire/options.h"

namespace flowmob::core {

/// A session as it is kept across restarts. Times are wall-clock times.
struct SessionRecord {
  SessionId id;
  Ipv6Address mag;
  wire::AccessTechnology technology{};
  wire::HandoffIndicator handoff{};
  Bytes link_layer_id;
  WallTime expires;
  std::uint16_t last_sequence{};
  std::uint64_t last_timestamp{};  ///< of the last accepted PBU, 48.16 fixed point; zero: none
  bool in_delete_wait = false;
  bool opening = false;  ///< its MAG may not have had the answer yet
  Ipv6Address link_local;
  bool ipv6 = true;   ///< its MAG registers the prefixes
  bool ipv4 = false;  ///< its MAG registers the IPv4 home address
  Encapsulation encapsulation{};
  std::uint32_t downlink_key = 0;
  std::uint8_t path = 0;  ///< RFC 8278; zero: the MAG has one alone
  std::uint8_t path_label = 0;
  wire::MobilityOptions notes;  ///< what is only shown
  std::uint16_t binding_id = 0;
  std::uint8_t binding_priority = 0;
  std::vector<Ipv6Prefix> delegated = {};  ///< RFC 7148
  friend bool operator==(const SessionRecord&, const SessionRecord&) = default;
};

/// A guest link as it is kept across restarts.
struct GuestRecord {
  SessionId id;
  NodeIndex host;
  SessionId session;
  Ipv6Address mag;
  bool up = true;
  std::vector<Ipv6Prefix> prefixes{};
  wire::AccessTechnology technology{};
  friend bool operator==(const GuestRecord&, const GuestRecord&) = default;
};

/// What a MAG has announced, as it is kept across restarts.
struct AnnouncedRecord {
  SessionId by;
  std::uint16_t flow_id{};
  std::uint16_t priority{};
  wire::TrafficSelector6 selector;
  std::vector<std::uint16_t> binding_ids;
  std::uint32_t turn{};
  friend bool operator==(const AnnouncedRecord&, const AnnouncedRecord&) = default;
};

/// A flow binding as it is kept across restarts.
struct FlowRecord {
  FlowIndex index;
  std::string service;
  std::string name;
  SessionId wanted;     ///< the session or guest link it is bound to, but for rules
  SessionId current;    ///< the one it uses now: another while `wanted` is gone
  bool pinned = false;  ///< a command has moved it there, whatever its rule says
  std::optional<AnnouncedRecord> announced = {};
  friend bool operator==(const FlowRecord&, const FlowRecord&) = default;
};

/// One mobile node with all that the LMA knows of it (the state store's unit).
struct NodeRecord {
  std::string mn_id;  ///< the identifier's octets
  std::uint8_t mn_id_subtype = 1;
  NodeIndex index;
  std::uint32_t generation{};
  std::vector<Ipv6Prefix> prefixes;
  std::optional<Ipv4Home> ipv4;
  FlowIndex default_flow;
  SessionId default_wanted;
  SessionId default_current;
  bool default_pinned = false;
  std::vector<SessionRecord> sessions;
  std::vector<GuestRecord> guests;
  std::vector<FlowRecord> flows;

  Json to_json() const;
  static Result<NodeRecord> from_json(const Json& json);  ///< "bad-record"
  friend bool operator==(const NodeRecord&, const NodeRecord&) = default;
};

}  // namespace flowmob::core
