// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/mag_context.h"
#include "wire/options.h"

/// What registrations say of the ways that a node's packets take.
namespace flowmob::core {

/// Of the access network (RFC 6757). Nothing where that is not configured any more.
std::optional<wire::AccessNetworkIdentifier> access_network_of(const MagContext& context,
                                                               const Attachment& attachment);

/// Appends what a registration by the gateway's path number `binding_id` says of it (RFC 8278 section 4).
/// `overwrite`: it replaces all that the LMA knows of other paths.
void add_path_options(const MagConfig& config, std::uint8_t binding_id, bool overwrite,
                      wire::MobilityOptions& options);

}  // namespace flowmob::core
