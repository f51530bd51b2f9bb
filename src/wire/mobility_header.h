// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <variant>

#include "base/address.h"
#include "base/bytes.h"
#include "base/error.h"
#include "wire/binding_messages.h"
#include "wire/heartbeat_message.h"
#include "wire/revocation_messages.h"
#include "wire/update_notification_messages.h"

/// Mobility Headers (RFC 6275 section 6.1; next header 135):
///   | Payload Proto = 59 | Header Len | MH Type | Reserved | Checksum (16) | message data ... |
/// Header Len counts 8-octet units behind the first 8 octets.
namespace flowmob::wire {

constexpr std::uint8_t kMobilityHeaderProtocol = 135;
constexpr std::uint8_t kNoNextHeader = 59;
/// 8 + 255 * 8 octets: no Mobility Header is longer.
constexpr std::size_t kMaxMobilityHeader = 2048;

/// A Mobility Header of a type, or a subtype, that this codec does not know. The body is everything behind
/// the checksum.
struct UnknownMessage {
  std::uint8_t type{};
  Bytes body;
  friend bool operator==(const UnknownMessage&, const UnknownMessage&) = default;
};

using MobilityMessage = std::variant<ProxyBindingUpdate, ProxyBindingAcknowledgement, BindingError, Heartbeat,
                                     BindingRevocationIndication, BindingRevocationAcknowledgement,
                                     UpdateNotification, UpdateNotificationAcknowledgement, UnknownMessage>;

/// Verify: the checksum has to be right. Ignore: over IPv4-UDP, or where it was verified before (RFC 5844
/// section 4.1.3).
enum class ChecksumPolicy { Verify, Ignore };

/// Decodes one whole Mobility Header. From an IPv4-mapped address it came in UDP: its checksum counts for
/// nothing (RFC 5844 section 4.1.3.1). Octets behind the length that the header states are refused. Errors,
/// in the order of RFC 6275 section 9.2:
///   truncated           fewer octets than the fixed header or than Header Len says
///   bad-checksum        drop in silence
///   bad-payload-proto   Payload Proto is not 59; an unknown type comes first, as it is answered otherwise
///   bad-header-length   Header Len too short for the type, or octets behind its end
///   bad-option-length   an option leaves the header, or has a length its type does not allow
///   bad-address-family  an option's flags tell of no family, or of two
///   bad-selector, bad-sub-option  inside an option
Result<MobilityMessage> decode(ByteView header, const Ipv6Address& source, const Ipv6Address& destination,
                               ChecksumPolicy policy = ChecksumPolicy::Verify);

/// The header with options aligned, padding and checksum in place; to an IPv4-mapped address it goes in UDP:
/// its checksum is zero (RFC 5844 section 4.1.3.2). Options are written in the given order. A message longer
/// than kMaxMobilityHeader, or an option longer than 255 octets, gives an empty result.
Bytes encode(const MobilityMessage& message, const Ipv6Address& source, const Ipv6Address& destination);

/// The same for UDP over IPv4, where the Mobility Header's checksum is zero and UDP's own counts (RFC 5844
/// section 4.1.3).
Bytes encode_for_udp(const MobilityMessage& message);

/// The MH Type octet of a message, known or not.
std::uint8_t type_of(const MobilityMessage& message);

}  // namespace flowmob::wire
