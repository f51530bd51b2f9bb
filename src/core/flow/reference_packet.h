// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <tuple>

#include "base/bytes.h"
#include "base/error.h"
#include "core/flow/flow_key.h"

/// What an IP packet is to a classifier, from its octets alone: clear rather than fast, and written from the
/// RFCs. The data plane's parser, with which it shares no line, is held against it
/// (tests/dataplane/difference). Octets that are no packet give an error, never more: nothing behind the view
/// is read.
namespace flowmob::core {

/// So many extension headers are followed (docs/life-of-a-packet.md, step 3).
constexpr std::size_t kMostExtensionHeaders = 8;

/// One packet. All numbers are in host byte order, offsets count from the packet's first octet.
struct ReferencePacket {
  bool is_ipv4{};
  std::size_t length{};  ///< octets of header and payload, as the header says: what is behind is not its own
  std::size_t header{};  ///< octets of the IP header, of IPv4 with its options
  std::uint8_t next_header{};    ///< right behind that
  std::uint8_t traffic_class{};  ///< DS field and ECN
  std::uint8_t hop_limit{};
  bool may_be_cut{};  ///< of IPv4, without Don't Fragment

  /// What the packet shows of it. The protocol is the last that could be read, behind the extension headers
  /// of IPv6; of IPv4 it is the header's (RFC 6088 section 3.1). Of ESP and AH the SPI of the last.
  FlowKey key;
  std::optional<std::uint16_t> echo{};  ///< the identifier of a ping without an SPI
  std::optional<std::size_t>
      upper{};  ///< where the upper layer begins, or would; none: another fragment has it
  std::optional<std::uint32_t> begins{};  ///< the first of several fragments: the datagram's identification
  std::optional<std::uint32_t> continues{};  ///< likewise, one behind the first
  bool is_whole = true;                      ///< false: one behind the first, which was not seen

  bool is_fragment() const { return begins || continues; }
};

/// RFC 8200 sections 3 and 4, RFC 791 section 3.1. "not-ip": neither version; "malformed": a header that is
/// not there, or lengths that cannot be.
Result<ReferencePacket> read_packet(ByteView octets);

/// What first fragments have shown, so that all go the same way (RFC 6089 section 5.3.6). One datagram's are
/// told by addresses and identification (RFC 8200 section 4.5), of IPv4 also by the protocol (RFC 791 section
/// 2.3). Forgets nothing.
class FirstFragments {
 public:
  /// Remembers what a first fragment shows; lends a later one what its first has shown.
  void complete(ReferencePacket& packet);
  void clear() { shown_.clear(); }

 private:
  using Datagram = std::tuple<Ipv6Address, Ipv6Address, int, std::uint32_t>;
  struct Shown {
    std::uint8_t protocol{};
    std::optional<std::uint32_t> spi{};
    std::optional<FlowKey::Ports> ports{};
    std::optional<std::uint16_t> echo{};
  };
  static Datagram datagram(const ReferencePacket& packet, std::uint32_t identification);

  std::map<Datagram, Shown> shown_;
};

/// Of an ICMP error that quotes a packet of its receiver's: the key of a packet of that flow which goes the
/// error's way, and whether that is an echo. None: it is no such error, a fragment, or does not show enough
/// (docs/adr/0065). `octets` are those that `packet` was read from.
struct QuotedFlow {
  FlowKey key;
  std::optional<std::uint16_t> echo{};
};
std::optional<QuotedFlow> quoted_flow(ByteView octets, const ReferencePacket& packet);

/// The same flow in the other direction. The SPI stays: that of the other direction nobody knows.
FlowKey turned_around(FlowKey key);

}  // namespace flowmob::core
