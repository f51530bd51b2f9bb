// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/address.h"
#include "base/bytes.h"

/// DHCPv6 messages between clients and servers (RFC 8415 sections 8 and 21).
namespace flowmob::core::dhcp6 {

/// Those of relays have another format and are none of ours.
enum class Type : std::uint8_t {
  Solicit = 1,
  Advertise = 2,
  Request = 3,
  Confirm = 4,
  Renew = 5,
  Rebind = 6,
  Reply = 7,
  Release = 8,
  Decline = 9,
  Reconfigure = 10,
  InformationRequest = 11,
};

namespace option {
constexpr std::uint16_t kClientId = 1, kServerId = 2, kIaNa = 3, kIaTa = 4, kStatus = 13, kRapidCommit = 14,
                        kIaPd = 25, kIaPrefix = 26;
}  // namespace option

/// RFC 8415 section 21.13.
enum class Status : std::uint16_t {
  Success = 0,
  NoAddrsAvail = 2,
  NoBinding = 3,
  UseMulticast = 5,
  NoPrefixAvail = 6,
};

struct Option {
  std::uint16_t code{};
  Bytes data;
  friend bool operator==(const Option&, const Option&) = default;
};

///  | msg-type (8) | transaction-id (24) | options |
struct Message {
  Type type{};
  std::uint32_t transaction{};  ///< 24 bits
  std::vector<Option> options;

  /// The first one of that code.
  const Bytes* find(std::uint16_t code) const;
  void add(std::uint16_t code, Bytes data) { options.push_back({code, std::move(data)}); }
  friend bool operator==(const Message&, const Message&) = default;
};

/// Nothing for what is no message between client and server, or has an option that is longer than what is
/// left.
std::optional<Message> decode(ByteView octets);
Bytes encode(const Message& message);

/// A prefix of an IA_PD (RFC 8415 section 21.22); lifetimes in seconds.
struct IaPrefix {
  std::uint32_t preferred{}, valid{};
  Ipv6Prefix prefix;
  friend bool operator==(const IaPrefix&, const IaPrefix&) = default;
};

/// The data of an IA_PD option (RFC 8415 section 21.21); times in seconds.
struct IaPd {
  std::uint32_t id{}, t1{}, t2{};
  std::vector<IaPrefix> prefixes;
  std::optional<Status> status;
  friend bool operator==(const IaPd&, const IaPd&) = default;
};

/// What is in it besides prefixes and a status is left out, and so is a prefix that cannot be; nothing if it
/// is not whole.
std::optional<IaPd> decode_ia_pd(ByteView data);
Bytes encode(const IaPd& ia);
/// The data of a Status Code option, without a text.
Bytes encode(Status status);

}  // namespace flowmob::core::dhcp6
