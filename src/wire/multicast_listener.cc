// SPDX-License-Identifier: Apache-2.0
#include "wire/multicast_listener.h"

#include <fmt/format.h>

#include "wire/checksum.h"
#include "wire/neighbor_discovery.h"

namespace flowmob::wire {
namespace {

constexpr std::size_t kQueryV1 = 24;
constexpr std::size_t kQueryV2 = 28;
constexpr std::uint8_t kReportV1 = 131;
constexpr std::uint8_t kReportV2 = 143;

std::uint32_t two_octets(ByteView bytes, std::size_t at) {
  return static_cast<std::uint32_t>(bytes[at] << 8U | bytes[at + 1]);
}

/// RFC 3810 section 5.1.3: a floating-point number above 32767.
std::uint32_t delay_of(std::uint32_t code) {
  return code < 0x8000 ? code : ((code & 0xfffU) | 0x1000U) << (((code >> 12U) & 7U) + 3U);
}

void set_checksum(Bytes& icmpv6, const Ipv6Address& source, const Ipv6Address& destination) {
  const std::uint16_t checksum = ipv6_checksum(source, destination, kIcmpv6Protocol, icmpv6);
  icmpv6[2] = static_cast<std::uint8_t>(checksum >> 8U);
  icmpv6[3] = static_cast<std::uint8_t>(checksum);
}

}  // namespace

Result<ListenerQuery> decode_listener_query(ByteView icmpv6, const Ipv6Address& source,
                                            const Ipv6Address& destination) {
  if (icmpv6.empty() || icmpv6[0] != kListenerQuery) return fail("not-a-query", "another ICMPv6 message");
  const bool is_version1 = icmpv6.size() == kQueryV1;  // section 8.1
  if (!is_version1 && icmpv6.size() < kQueryV2) return fail("truncated", "too short for a query");
  if (!is_version1 && icmpv6.size() < kQueryV2 + 16 * two_octets(icmpv6, 26))
    return fail("truncated", "it has fewer sources than it says");
  if (ipv6_checksum(source, destination, kIcmpv6Protocol, icmpv6) != 0)
    return fail("bad-checksum", "the ICMPv6 checksum is wrong");
  const std::uint32_t code = two_octets(icmpv6, 4);
  return ListenerQuery{is_version1 ? code : delay_of(code), Ipv6Address::from_bytes(icmpv6.subspan(8, 16)),
                       is_version1};
}

Bytes encode_listener_report(const std::vector<ListenerRecord>& records, const Ipv6Address& source,
                             const Ipv6Address& destination) {
  const auto count = static_cast<std::uint16_t>(records.size());
  Bytes out{
      kReportV2, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(count >> 8U), static_cast<std::uint8_t>(count)};
  for (const auto& record : records) {
    append(out, Bytes{static_cast<std::uint8_t>(record.type), 0, 0, 0});
    append(out, record.group.octets);
  }
  set_checksum(out, source, destination);
  return out;
}

Bytes encode_listener_report_v1(const Ipv6Address& group, const Ipv6Address& source) {
  Bytes out{kReportV1, 0, 0, 0, 0, 0, 0, 0};
  append(out, group.octets);
  set_checksum(out, source, group);
  return out;
}

}  // namespace flowmob::wire
