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

namespace flowmob::core {

/// An attached mobile node as it is kept across restarts (an entry of the Binding Update List).
struct AttachmentRecord {
  SessionId id;
  std::string mn_id;
  std::string access;  ///< the access link's name in the configuration
  wire::AccessTechnology technology{};
  MacAddress link_layer;
  Ipv6Address node_link_local;  ///< where unicast advertisements go; unspecified: not known
  std::vector<std::string> services;
  std::size_t services_registered = 0;
  std::vector<Ipv6Prefix> prefixes;
  std::uint16_t sequence{};
  WallTime expires;
  bool ipv6 = true;
  bool ipv4 = false;
  std::optional<Ipv4Home> ipv4_home = {};
  bool dhcp_server = false;
  Encapsulation encapsulation{};
  std::uint32_t uplink_key = 0;  ///< the LMA's; ours is the id (RFC 5845)
  std::vector<Ipv6Prefix> off_link = {};
  std::map<std::string, bool> flows_switched = {};  ///< by command
  bool off_link_named = false;
  std::vector<Ipv6Prefix> delegated = {};

  Json to_json() const;
  static Result<AttachmentRecord> from_json(const Json& json);  ///< "bad-record"
  friend bool operator==(const AttachmentRecord&, const AttachmentRecord&) = default;
};

}  // namespace flowmob::core
