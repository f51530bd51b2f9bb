// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "base/address.h"
#include "base/bytes.h"

/// DHCP messages (RFC 2131 section 2, RFC 2132).
namespace flowmob::core::dhcp {

enum class Type : std::uint8_t {
  Discover = 1,
  Offer = 2,
  Request = 3,
  Decline = 4,
  Ack = 5,
  Nak = 6,
  Release = 7,
  Inform = 8,
};

namespace option {
constexpr std::uint8_t kSubnetMask = 1, kRouter = 3, kInterfaceMtu = 26, kStaticRoutes = 33,
                       kRequestedAddress = 50, kLeaseTime = 51, kOverload = 52, kMessageType = 53,
                       kServerIdentifier = 54, kClientIdentifier = 61, kRapidCommit = 80,
                       kAgentInformation = 82, kClasslessRoutes = 121, kMicrosoftRoutes = 249, kPad = 0,
                       kEnd = 255;
}  // namespace option

///  | op | htype | hlen | hops |  xid (32)  | secs (16) | flags (16) |  ciaddr  |  yiaddr  |  siaddr  |
///  giaddr  | | chaddr (16 octets) | sname (64) | file (128) | 99.130.83.99 | options |
struct Message {
  bool reply = false;  ///< op: 1 request, 2 reply
  std::uint8_t hardware_type = 1;
  std::uint8_t hardware_length = 6;
  std::uint8_t hops{};  ///< relays that it came through
  std::uint32_t transaction{};
  std::uint16_t seconds{};  ///< since the client began
  bool broadcast = false;
  Ipv4Address client;      ///< ciaddr: the client's own, which it uses already
  Ipv4Address yours;       ///< yiaddr
  Ipv4Address next;        ///< siaddr
  Ipv4Address relay;       ///< giaddr
  Bytes hardware_address;  ///< chaddr, 16 octets
  Bytes server_name;       ///< sname, at most 64 octets; empty if options stood there
  Bytes boot_file;         ///< file, at most 128 octets; likewise
  std::map<std::uint8_t, Bytes> options;

  std::optional<Type> type() const;
  std::optional<Ipv4Address> address_option(std::uint8_t code) const;
  void set(std::uint8_t code, const Ipv4Address& address);
  void set(std::uint8_t code, std::uint32_t value);
};

/// Nothing for what is no DHCP message. Of an option that stands twice the parts are joined (RFC 3396); those
/// that stood in sname or file are among the others, and the option that said so is gone.
std::optional<Message> decode(ByteView octets);
/// At least 300 octets, as BOOTP relays and old clients want it (RFC 1542 section 2.1). What a relay adds is
/// the last option (RFC 3046 section 2.1).
Bytes encode(const Message& message);

}  // namespace flowmob::core::dhcp
