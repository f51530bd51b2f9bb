// SPDX-License-Identifier: Apache-2.0
// Any octets: as a Mobility Header, as Neighbor Discovery, as queries for listeners, as traffic selectors, as
// ARP, DHCP and DHCPv6. Nothing crashes, and what is accepted means the same and looks the same when it has
// been written once.
#include <cstdlib>

#include "core/dhcp/frame.h"
#include "core/dhcp/message.h"
#include "core/dhcp6/frame6.h"
#include "core/dhcp6/server6.h"
#include "wire/checksum.h"
#include "wire/mobility_header.h"
#include "wire/multicast_listener.h"
#include "wire/neighbor_discovery.h"

namespace {

using namespace flowmob;
using namespace flowmob::wire;

void require(bool holds) {
  if (!holds) std::abort();
}

void mobility_header(ByteView octets) {
  static_cast<void>(decode(octets, {}, {}));
  const auto first = decode(octets, {}, {}, ChecksumPolicy::Ignore);
  if (!first) return;
  const Bytes written = encode(*first, {}, {});
  if (written.empty()) return;  // no room for the padding that its sender left out
  const auto second = decode(written, {}, {});
  require(second && *second == *first && encode(*second, {}, {}) == written);
}

/// With the checksum made right; it has room for one.
Bytes as_icmpv6(ByteView octets) {
  Bytes right(octets.begin(), octets.end());
  right[2] = right[3] = 0;
  const auto checksum = ipv6_checksum({}, {}, kIcmpv6Protocol, right);
  right[2] = static_cast<std::uint8_t>(checksum >> 8);
  right[3] = static_cast<std::uint8_t>(checksum);
  return right;
}

void neighbor_discovery(ByteView octets) {
  if (octets.size() < 4) return;
  const auto first = decode_nd(as_icmpv6(octets), {}, {});
  if (!first) return;
  const Bytes written = encode_nd(*first, {}, {});
  const auto second = decode_nd(written, {}, {});
  require(second && *second == *first && encode_nd(*second, {}, {}) == written);
}

/// What is accepted is as long as it says, and asks for no longer delay than there is.
void listener_query(ByteView octets) {
  static_cast<void>(decode_listener_query(octets, {}, {}));
  if (octets.size() < 4) return;
  const auto query = decode_listener_query(as_icmpv6(octets), {}, {});
  if (!query) return;
  require(query->is_version1 == (octets.size() == 24) && query->most_delay_ms <= 0x1fffU << 10U);
  if (query->is_version1) return;
  const std::size_t sources = octets[26] * 256U + octets[27];
  require(octets.size() >= 28 + 16 * sources);
}

void selector(ByteView octets) {
  for (const std::uint8_t format : {TrafficSelector4::kFormat, TrafficSelector6::kFormat, std::uint8_t{9}}) {
    const auto first = decode_selector(format, octets);
    if (!first) continue;
    if (const auto* six = std::get_if<TrafficSelector6>(&*first)) require(is_valid(*six));
    const auto second = decode_selector(format, encode_selector(*first));
    require(second && *second == *first);
  }
}

void ipv4(ByteView octets) {
  namespace dhcp = core::dhcp;
  if (const auto arp = dhcp::decode_arp(octets)) {
    const auto second = dhcp::decode_arp(dhcp::encode(*arp));
    require(second && second->target == arp->target && second->sender_mac == arp->sender_mac);
  }
  if (const auto udp = dhcp::decode_udp(octets)) {
    const auto second = dhcp::decode_udp(dhcp::encode(*udp));
    require(second && second->payload == udp->payload && second->destination == udp->destination);
  }
  if (const auto message = dhcp::decode(octets)) {
    const Bytes written = dhcp::encode(*message);
    const auto second = dhcp::decode(written);
    require(second && second->options == message->options && dhcp::encode(*second) == written);
  }
}

void ipv6(ByteView octets) {
  namespace dhcp6 = core::dhcp6;
  if (const auto udp = dhcp6::decode_udp6(octets)) {
    const auto second = dhcp6::decode_udp6(dhcp6::encode(*udp));
    require(second && second->payload == udp->payload && second->destination == udp->destination);
  }
  if (const auto ia = dhcp6::decode_ia_pd(octets)) require(dhcp6::decode_ia_pd(dhcp6::encode(*ia)) == ia);
  const auto message = dhcp6::decode(octets);
  if (!message) return;
  const Bytes written = dhcp6::encode(*message);
  require(written == Bytes(octets.begin(), octets.end()) && dhcp6::decode(written) == message);
  const dhcp6::Delegation delegation{{Ipv6Prefix::parse("2001:db8:f00::/60").value()},
                                     std::chrono::minutes(10)};
  const auto reply = dhcp6::answer(delegation, *message, true);
  require(!reply || dhcp6::decode(dhcp6::encode(*reply)) == reply);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView octets(data, size);
  mobility_header(octets);
  neighbor_discovery(octets);
  listener_query(octets);
  selector(octets);
  ipv4(octets);
  ipv6(octets);
  return 0;
}
