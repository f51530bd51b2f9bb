// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/mag_context.h"
#include "wire/mobility_header.h"

/// What a MAG and its LMA say of GRE (RFC 5845 section 4.2) and UDP (RFC 5844 section 4.2).
namespace flowmob::core {

/// Puts into the attachment's outstanding request what it asks for, and notes it there.
void ask_for_tunnelling(const MagContext& context, Attachment& attachment, wire::ProxyBindingUpdate& update);

/// What an acceptance says. True if packets are carried in another way from now on.
bool adopt_tunnelling(MagContext& context, Attachment& attachment,
                      const wire::ProxyBindingAcknowledgement& ack);

/// The largest packet that fits the attachment's tunnel.
std::uint16_t inner_mtu(const MagConfig& config, const Attachment& attachment);

/// Status 163: true if it had not been asked with a key, and may be; it is the next time.
bool note_gre_required(Attachment& attachment);

}  // namespace flowmob::core
