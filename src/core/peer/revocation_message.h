// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/effect.h"
#include "wire/mobility_header.h"

/// What a Binding Revocation Indication asks for, and the answer (RFC 5846 sections 5 and 6), for both roles.
namespace flowmob::core {

/// An indication with its options looked up once. Where an option may stand once, the first counts.
struct RevocationRequest {
  RevocationRequest(const PacketMeta& from, wire::BindingRevocationIndication message);

  PacketMeta meta;
  wire::BindingRevocationIndication indication;

  std::optional<std::string> mn_id;  ///< of an identifier option of subtype 1; others say nothing here
  std::vector<Ipv6Prefix> prefixes;  ///< ascending, each once
  std::optional<Ipv6Address> care_of;
  std::optional<Ipv4Address> ipv4_home;
  bool has_options = false;  ///< any that the codec knows

  wire::RevocationTrigger trigger() const { return indication.trigger; }
};

/// Sections 5.1 and 6.2.1, but for the bindings: 133 for a trigger that is none of `supported`, 134 for one
/// that contradicts the G flag. Success: nothing speaks against it so far.
wire::RevocationStatus check_form(const RevocationRequest& request,
                                  const std::vector<wire::RevocationTrigger>& supported);

/// Section 6.1.2: from where it went, to where it came from, with its number and its flags.
SendMessage acknowledge(const RevocationRequest& request, wire::RevocationStatus status,
                        wire::MobilityOptions failed = {});

bool is_global(wire::RevocationTrigger trigger);
/// Section 9.1: the node is said to have gone to another gateway.
bool is_handover(wire::RevocationTrigger trigger);
/// The identifier is "@realm" and `mn_id` belongs to that very realm (section 8.1).
bool is_in_realm(std::string_view mn_id, std::string_view realm_identifier);
bool is_realm_identifier(std::string_view identifier);

}  // namespace flowmob::core
