// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/address.h"
#include "base/bytes.h"

namespace flowmob::dataplane::testing {

Ipv6Address ip(std::string_view text);
MacAddress mac(std::string_view text);
Ipv6Prefix prefix(std::string_view text);

/// An IPv6 packet to put together word by word: Packet().from("::1").to("::2").udp(5004, 4000).payload(100).
class Packet {
 public:
  Packet& from(std::string_view address);
  Packet& to(std::string_view address);
  Packet& hop_limit(std::uint8_t value);
  Packet& traffic_class(std::uint8_t value);
  Packet& dscp(std::uint8_t value) {
    return traffic_class(static_cast<std::uint8_t>(value << 2 | (traffic_class_ & 3)));
  }
  Packet& ecn(std::uint8_t value) {
    return traffic_class(static_cast<std::uint8_t>((traffic_class_ & 0xfc) | value));
  }
  Packet& flow_label(std::uint32_t value);

  Packet& udp(std::uint16_t source_port, std::uint16_t destination_port);
  Packet& tcp(std::uint16_t source_port, std::uint16_t destination_port);
  Packet& echo_request(std::uint16_t identifier);
  /// Any upper layer: `upper` is header and payload, with its checksum.
  Packet& upper(std::uint8_t protocol, Bytes upper);
  Packet& payload(std::size_t octets);
  Packet& content(Bytes octets);  ///< a payload of these
  /// As the stack hands packets to a device that completes checksums: the field holds the pseudo header's
  /// sum.
  Packet& partial_checksum();

  /// Extension headers, in the order of the calls.
  Packet& destination_options(std::size_t octets = 8);
  /// As Linux's own tunnels have it, or something that looks like it.
  Packet& encapsulation_limit(std::uint8_t option_type = 4);
  Packet& authentication(std::uint32_t spi);
  Packet& fragment(std::uint16_t offset, bool more, std::uint32_t identification);
  /// The packet so far becomes the payload of a new one.
  Packet in_tunnel(std::string_view source, std::string_view destination) const;
  /// With a GRE header between the two.
  Packet in_gre(std::string_view source, std::string_view destination,
                std::optional<std::uint32_t> key) const;
  /// What the header says, whatever there is.
  Packet& claimed_length(std::uint16_t octets);

  Bytes build() const;

 private:
  struct Extension {
    std::uint8_t type;
    Bytes octets;  ///< its first octet is filled in at the end
  };
  Bytes upper_layer() const;
  bool is_behind_the_first() const;

  Ipv6Address source_, destination_;
  std::uint8_t hop_limit_ = 63, traffic_class_ = 0;
  std::uint32_t flow_label_ = 0;
  std::vector<Extension> extensions_;
  std::uint8_t protocol_ = 59;  // no next header
  Bytes header_;
  std::size_t checksum_at_ = 0;  // in header_; zero: none
  std::size_t payload_ = 0;
  Bytes content_;  ///< behind that
  bool partial_ = false;
  std::optional<std::uint16_t> claimed_;
};

/// RFC 2784, perhaps with a key (RFC 2890).
Bytes behind_gre(std::optional<std::uint32_t> key, const Bytes& packet, std::uint16_t protocol = 0x86dd);

/// An Ethernet frame around a packet.
Bytes frame(std::string_view to, std::string_view from, const Bytes& packet, std::uint16_t type = 0x86dd);

/// One IPv6 header and what is behind it, as read from octets.
struct Ipv6View {
  std::uint8_t traffic_class, next_header, hop_limit;
  std::uint32_t flow_label;
  std::size_t payload_length;
  Ipv6Address source, destination;
  Bytes payload;

  /// Fails the test, and reads zeros, where there is no IPv6 packet.
  static Ipv6View read(ByteView packet);
  /// What the frame carries.
  static Ipv6View in_frame(ByteView frame) { return read(frame.subspan(14)); }
  Ipv6View inner() const { return read(payload); }
};

MacAddress frame_destination(ByteView frame);
MacAddress frame_source(ByteView frame);
/// Completes a partial checksum as a device does: sums from `start` to the end of the packet into the field.
void complete_checksum(Bytes& packet, std::size_t start, std::size_t field);

}  // namespace flowmob::dataplane::testing
