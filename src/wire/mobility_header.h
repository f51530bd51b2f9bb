// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <variant>

#include "base/address.h"
#include "base/bytes.h"
#include "base/error.h"
#include "wire/options.h"

/// Mobility Headers (RFC 6275 section 6.1; next header 135):
///   | Payload Proto = 59 | Header Len | MH Type | Reserved | Checksum (16) | message data ... |
/// Header Len counts 8-octet units behind the first 8 octets.
namespace flowmob::wire {

constexpr std::uint8_t kMobilityHeaderProtocol = 135;
constexpr std::uint8_t kNoNextHeader = 59;
/// 8 + 255 * 8 octets: no Mobility Header is longer.
constexpr std::size_t kMaxMobilityHeader = 2048;

enum class MhType : std::uint8_t { BindingUpdate = 5, BindingAcknowledgement = 6, BindingError = 7 };

/// RFC 6275 section 6.1.7 with the P flag of RFC 5213 section 8.1; a plain Binding Update has proxy = false.
///   | Sequence # (16) | A H L K M R P F T B ... (16) | Lifetime (16, units of 4 s) | options |
struct ProxyBindingUpdate {
  std::uint16_t sequence{};
  bool acknowledge = false;        ///< A 0x8000
  bool home = false;               ///< H 0x4000
  bool link_local_compat = false;  ///< L 0x2000
  bool key_management = false;     ///< K 0x1000
  bool map = false;                ///< M 0x0800
  bool mobile_router = false;      ///< R 0x0400
  bool proxy = false;              ///< P 0x0200
  bool force_udp = false;          ///< F 0x0100
  bool tlv_header = false;         ///< T 0x0080
  bool bulk = false;               ///< B 0x0040
  std::uint16_t other_flags = 0;   ///< the lower six bits, as received
  std::uint16_t lifetime{};        ///< units of 4 seconds
  MobilityOptions options;
  friend bool operator==(const ProxyBindingUpdate&, const ProxyBindingUpdate&) = default;
};

/// RFC 6275 section 6.1.8 with the P flag of RFC 5213 section 8.2.
///   | Status (8) | K R P T B ... (8) | Sequence # (16) | Lifetime (16, units of 4 s) | options |
struct ProxyBindingAcknowledgement {
  BindingStatus status{};
  bool key_management = false;   ///< K 0x80
  bool mobile_router = false;    ///< R 0x40
  bool proxy = false;            ///< P 0x20
  bool tlv_header = false;       ///< T 0x10
  bool bulk = false;             ///< B 0x08
  std::uint8_t other_flags = 0;  ///< the lower three bits, as received
  std::uint16_t sequence{};
  std::uint16_t lifetime{};  ///< units of 4 seconds
  MobilityOptions options;
  bool accepted() const { return static_cast<std::uint8_t>(status) < 128; }
  friend bool operator==(const ProxyBindingAcknowledgement&, const ProxyBindingAcknowledgement&) = default;
};

/// RFC 6275 section 6.1.9:  | Status (8) | Reserved (8) | Home Address (128) | options |
struct BindingError {
  BindingErrorStatus status{};
  Ipv6Address home_address;
  MobilityOptions options;
  friend bool operator==(const BindingError&, const BindingError&) = default;
};

/// A Mobility Header of a type that this codec does not know. The body is everything behind the checksum.
struct UnknownMessage {
  std::uint8_t type{};
  Bytes body;
  friend bool operator==(const UnknownMessage&, const UnknownMessage&) = default;
};

using MobilityMessage =
    std::variant<ProxyBindingUpdate, ProxyBindingAcknowledgement, BindingError, UnknownMessage>;

/// Verify: the checksum has to be right. Ignore: over IPv4-UDP, or where it was verified before (RFC 5844
/// section 4.1.3).
enum class ChecksumPolicy { Verify, Ignore };

/// Decodes one whole Mobility Header. Octets behind the length that the header states are refused. Errors, in
/// the order of RFC 6275 section 9.2:
///   truncated           fewer octets than the fixed header or than Header Len says
///   bad-checksum        drop in silence
///   bad-payload-proto   Payload Proto is not 59; an unknown type comes first, as it is answered otherwise
///   bad-header-length   Header Len too short for the type, or octets behind its end
///   bad-option-length   an option leaves the header, or has a length its type does not allow
///   bad-selector, bad-sub-option  inside a Flow Identification option
Result<MobilityMessage> decode(ByteView header, const Ipv6Address& source, const Ipv6Address& destination,
                               ChecksumPolicy policy = ChecksumPolicy::Verify);

/// The header with options aligned, padding and checksum in place. Options are written in the given order.
/// A message longer than kMaxMobilityHeader, or an option longer than 255 octets, gives an empty result.
Bytes encode(const MobilityMessage& message, const Ipv6Address& source, const Ipv6Address& destination);

/// The MH Type octet of a message, known or not.
std::uint8_t type_of(const MobilityMessage& message);

}  // namespace flowmob::wire
