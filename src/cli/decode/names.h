// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"

/// Numbers and octets as words, for people.
namespace flowmob::cli::decode {

/// IANA's name of a Mobility Header type, "unknown" if there is none; likewise for mobility options.
std::string message_name(std::uint8_t type);
std::string option_name(std::uint8_t type);

/// RFC 8371 section 3: "nai", "ipv6-address", ...; the number if it has no name.
std::string identifier_kind(std::uint8_t subtype);
/// An identifier of a kind that has a readable form.
std::optional<std::string> readable_identifier(std::uint8_t subtype, const Bytes& identifier);

std::string protocol_name(std::uint64_t protocol);  ///< "udp"; the number if it has no name
std::string colons(ByteView octets);                ///< 02:00:00:00:00:01
std::string utc(std::int64_t nanoseconds);          ///< 2026-01-01T00:00:00.000000000Z

}  // namespace flowmob::cli::decode
