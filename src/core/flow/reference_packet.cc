// SPDX-License-Identifier: Apache-2.0
#include "core/flow/reference_packet.h"

#include <algorithm>
#include <utility>

namespace flowmob::core {
namespace {

namespace protocols {
constexpr std::uint8_t kHopByHop = 0, kIcmp = 1, kTcp = 6, kUdp = 17, kDccp = 33, kRouting = 43,
                       kFragment = 44, kEsp = 50, kAh = 51, kIcmpv6 = 58, kDestinationOptions = 60,
                       kSctp = 132, kUdpLite = 136;
}  // namespace protocols

constexpr std::size_t kIpv6Header = 40, kShortestIpv4Header = 20, kShortestExtension = 8;
constexpr std::size_t kIcmpHeader = 8, kLongestError = 1280;  // RFC 4443 section 2.4 (c)

/// Reads numbers where they are; nothing where they are not.
class Octets {
 public:
  explicit Octets(ByteView view) : view_(view) {}
  bool has(std::size_t at, std::size_t count) const {
    return at <= view_.size() && count <= view_.size() - at;
  }
  std::optional<std::uint32_t> number(std::size_t at, std::size_t octets) const {
    if (!has(at, octets)) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < octets; ++i) value = value << 8 | view_[at + i];
    return value;
  }
  std::optional<std::uint8_t> octet(std::size_t at) const {
    return has(at, 1) ? std::optional(view_[at]) : std::nullopt;
  }
  /// Of octets that are there.
  std::uint8_t sure(std::size_t at) const { return view_[at]; }
  std::uint16_t sure16(std::size_t at) const {
    return static_cast<std::uint16_t>(sure(at) << 8 | sure(at + 1));
  }
  Ipv6Address address6(std::size_t at) const { return Ipv6Address::from_bytes(view_.subspan(at, 16)); }
  Ipv6Address address4(std::size_t at) const {
    Ipv4Address address;
    std::ranges::copy(view_.subspan(at, 4), address.octets.begin());
    return to_mapped(address);
  }

 private:
  ByteView view_;
};

bool is_extension(std::uint8_t protocol) {
  using namespace protocols;
  return protocol == kHopByHop || protocol == kRouting || protocol == kFragment ||
         protocol == kDestinationOptions || protocol == kAh;
}

bool shows_ports(std::uint8_t protocol) {
  using namespace protocols;
  return protocol == kTcp || protocol == kUdp || protocol == kSctp || protocol == kDccp ||
         protocol == kUdpLite;
}

/// RFC 8200 section 4.2 to 4.6, RFC 4302 section 2.2: where the next header begins.
std::size_t behind(std::uint8_t type, std::size_t at, std::uint8_t length) {
  if (type == protocols::kFragment) return at + 8;
  if (type == protocols::kAh) return at + (std::size_t{length} + 2) * 4;
  return at + (std::size_t{length} + 1) * 8;
}

/// Walks the chain of extension headers. Of fragments in fragments the outer one says which datagram begins.
void follow_extensions(const Octets& octets, ReferencePacket& packet) {
  std::size_t at = kIpv6Header;
  packet.key.protocol = packet.next_header;
  for (std::size_t count = 0; is_extension(packet.key.protocol); ++count) {
    const auto type = packet.key.protocol;
    if (count == kMostExtensionHeaders || !octets.has(at, kShortestExtension)) return;
    packet.key.protocol = octets.sure(at);
    const auto last_word = *octets.number(at + 4, 4);
    if (type == protocols::kAh) packet.key.spi = last_word;
    if (type == protocols::kFragment) {
      const auto field = octets.sure16(at + 2);
      if (field >> 3 != 0) {
        packet.continues = last_word;
        return;
      }
      if (!packet.begins && (field & 1)) packet.begins = last_word;
    }
    at = behind(type, at, octets.sure(at + 1));
  }
  packet.upper = at;
}

/// RFC 792, RFC 4443 section 4.
bool is_echo(bool is_ipv4, std::uint8_t type) {
  return is_ipv4 ? type == 0 || type == 8 : type == 128 || type == 129;
}

std::uint8_t icmp_of(const ReferencePacket& packet) {
  return packet.is_ipv4 ? protocols::kIcmp : protocols::kIcmpv6;
}

void read_upper_layer(const Octets& octets, ReferencePacket& packet) {
  if (!packet.upper) return;
  const auto at = *packet.upper;
  auto& key = packet.key;
  if (shows_ports(key.protocol) && octets.has(at, 4)) {
    key.ports = FlowKey::Ports{octets.sure16(at), octets.sure16(at + 2)};
  } else if (key.protocol == protocols::kEsp && octets.has(at, 4)) {
    key.spi = octets.number(at, 4);
  } else if (key.protocol == protocols::kAh && packet.is_ipv4 && octets.has(at, 8)) {
    key.spi = octets.number(at + 4, 4);
  } else if (key.protocol == icmp_of(packet) && octets.has(at, kIcmpHeader) &&
             is_echo(packet.is_ipv4, octets.sure(at)) && !key.spi) {
    packet.echo = octets.sure16(at + 4);
  }
}

/// The fixed header, of which all octets are there.
ReferencePacket read_ipv6_header(const Octets& octets) {
  ReferencePacket packet;
  const auto word = *octets.number(0, 4);
  packet.header = kIpv6Header;
  packet.length = kIpv6Header + octets.sure16(4);
  packet.next_header = octets.sure(6);
  packet.hop_limit = octets.sure(7);
  packet.traffic_class = static_cast<std::uint8_t>(word >> 20);
  packet.key.source = octets.address6(8);
  packet.key.destination = octets.address6(24);
  packet.key.flow_label = word & 0xfffff;
  packet.key.ds = packet.traffic_class >> 2;
  return packet;
}

ReferencePacket read_ipv4_header(const Octets& octets) {
  ReferencePacket packet;
  packet.is_ipv4 = true;
  packet.header = std::size_t{octets.sure(0)} % 16 * 4;
  packet.traffic_class = octets.sure(1);
  packet.length = octets.sure16(2);
  packet.hop_limit = octets.sure(8);
  packet.next_header = octets.sure(9);
  packet.key.source = octets.address4(12);
  packet.key.destination = octets.address4(16);
  packet.key.ds = packet.traffic_class >> 2;
  packet.key.protocol = packet.next_header;
  const auto flags = octets.sure16(6);
  packet.may_be_cut = (flags & 0x4000) == 0;
  const bool is_first = (flags & 0x1fff) == 0, more = (flags & 0x2000) != 0;
  if (is_first) packet.upper = packet.header;
  if (is_first && more) packet.begins = octets.sure16(4);
  if (!is_first) packet.continues = octets.sure16(4);
  return packet;
}

/// The header, whatever is behind it: of a quotation that may be cut off.
std::optional<ReferencePacket> read_header(ByteView octets) {
  const Octets all(octets);
  if (octets.empty()) return std::nullopt;
  if (octets[0] >> 4 == 6 && all.has(0, kIpv6Header)) return read_ipv6_header(all);
  if (octets[0] >> 4 != 4 || !all.has(0, kShortestIpv4Header)) return std::nullopt;
  auto packet = read_ipv4_header(all);
  return packet.header < kShortestIpv4Header ? std::nullopt : std::optional(packet);
}

void read_rest(ByteView octets, ReferencePacket& packet) {
  const Octets own(octets.first(std::min(octets.size(), packet.length)));
  if (!packet.is_ipv4) follow_extensions(own, packet);
  read_upper_layer(own, packet);
}

bool is_error(bool is_ipv4, std::uint8_t type) {
  return is_ipv4 ? type == 3 || type == 4 || type == 11 || type == 12 : type >= 1 && type <= 4;
}

}  // namespace

Result<ReferencePacket> read_packet(ByteView octets) {
  if (octets.empty() || (octets[0] >> 4 != 4 && octets[0] >> 4 != 6))
    return fail("not-ip", "neither a packet of IPv6 nor one of IPv4");
  auto packet = read_header(octets);
  if (!packet || packet->length < packet->header || packet->length > octets.size())
    return fail("malformed", "an IP header that is not there, or lengths that cannot be");
  read_rest(octets, *packet);
  return *packet;
}

FirstFragments::Datagram FirstFragments::datagram(const ReferencePacket& packet,
                                                  std::uint32_t identification) {
  return {packet.key.source, packet.key.destination, packet.is_ipv4 ? int{packet.next_header} : -1,
          identification};
}

void FirstFragments::complete(ReferencePacket& packet) {
  auto& key = packet.key;
  if (packet.continues) {
    const auto first = shown_.find(datagram(packet, *packet.continues));
    packet.is_whole = first != shown_.end();
    if (packet.is_whole)
      std::tie(key.protocol, key.spi, key.ports, packet.echo) =
          std::tie(first->second.protocol, first->second.spi, first->second.ports, first->second.echo);
  }
  if (packet.begins && !packet.continues)
    shown_[datagram(packet, *packet.begins)] = {key.protocol, key.spi, key.ports, packet.echo};
}

std::optional<QuotedFlow> quoted_flow(ByteView octets, const ReferencePacket& packet) {
  if (packet.key.protocol != icmp_of(packet) || packet.is_fragment() || !packet.upper) return std::nullopt;
  const auto own = octets.first(std::min(octets.size(), packet.length));
  const auto type = Octets(own).octet(*packet.upper);
  if (!type || !is_error(packet.is_ipv4, *type) || packet.length > kLongestError) return std::nullopt;
  if (!Octets(own).has(*packet.upper, kIcmpHeader)) return std::nullopt;
  const auto cited = own.subspan(*packet.upper + kIcmpHeader);
  auto quote = read_header(cited);
  if (!quote || quote->is_ipv4 != packet.is_ipv4 || quote->key.source != packet.key.destination)
    return std::nullopt;
  quote->length = cited.size();  // there are routers that quote another than they got
  read_rest(cited, *quote);
  const bool lacks_ports = shows_ports(quote->key.protocol) && !quote->key.ports;
  if (!quote->upper || quote->key.spi || lacks_ports) return std::nullopt;
  return QuotedFlow{turned_around(quote->key), quote->echo};
}

FlowKey turned_around(FlowKey key) {
  std::swap(key.source, key.destination);
  if (key.ports) std::swap(key.ports->source, key.ports->destination);
  return key;
}

}  // namespace flowmob::core
