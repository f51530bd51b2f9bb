// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "core/mag/binding_update_list.h"
#include "core/mag/config.h"
#include "core/mag/effect.h"
#include "core/mag/statistics.h"
#include "core/mag/timestamp_source.h"
#include "core/mag/tunnel_users.h"

namespace flowmob::core {

/// What the parts of a MobileAccessGateway share.
struct MagContext {
  MagConfig config;
  std::deque<MagEffect> effects;
  MagStatistics statistics;
  BindingUpdateList bindings;
  TunnelUsers tunnels;
  TimestampSource timestamps;
  std::map<Ipv6Prefix, SessionId> off_link_at;  ///< whose off-link prefix it is: one attachment's alone
  std::uint16_t sequence = 0;
  std::uint32_t install_count = 0;
  bool anchor_knows_gre = true;       ///< until it shows that it does not (RFC 5845 section 4.2)
  std::uint32_t anchor_restarts = 0;  ///< heard of
  bool first_path_is_dead = false;    ///< nothing was heard from the LMA by it (RFC 5847)

  template <class Action>
  void emit(Action action, EffectId id = {}) {
    effects.push_back(MagEffect{id, std::move(action)});
  }
  /// An event about one attachment; `fields` come behind those that name it.
  void notify(std::string event, const Attachment& attachment, const Json& fields = Json::object());
  /// From here on this one; rows are found without a search.
  void configure(MagConfig fresh);
  void notify(std::string event, Json fields) { emit(Notify{std::move(event), std::move(fields)}); }

  /// The address by which a node is served.
  const Ipv6Address& care_of(const Attachment& attachment) const {
    return attachment.care_of.is_unspecified() ? config.address : attachment.care_of;
  }
  /// Never null for the access of an attachment that has not departed: reconfigure() keeps the set of
  /// accesses, and a record of one that is no longer configured departs at the start.
  const AccessConfig* access(std::string_view name) const;
  const AccessConfig* access(InterfaceIndex interface) const;
  const MagPolicyProfile* profile(std::string_view mn_id) const;
  const MagPolicyProfile* profile(const MacAddress& link_layer) const;
  bool observes_flows(const Attachment& attachment) const;
  /// The LMA is to be asked for prefixes of the network behind the node.
  bool delegates(const Attachment& attachment) const;
  /// A sequence number that no outstanding request uses.
  std::uint16_t next_sequence();

 private:
  std::map<std::string, std::size_t, std::less<>> profiles_by_id_;
  std::unordered_map<MacAddress, std::size_t> profiles_by_address_;
};

}  // namespace flowmob::core
