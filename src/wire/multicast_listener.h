// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "base/address.h"
#include "base/bytes.h"
#include "base/error.h"

/// Multicast Listener Discovery (RFC 3810), as ICMPv6 without the IPv6 header and its Router Alert option.
namespace flowmob::wire {

constexpr std::uint8_t kListenerQuery = 130;

/// RFC 3810 section 5.1, and RFC 2710's, which is 24 octets long.
struct ListenerQuery {
  std::uint32_t most_delay_ms{};  ///< decoded from the Maximum Response Code
  Ipv6Address group;              ///< unspecified: all groups
  bool is_version1 = false;
};

/// Record types of RFC 3810 section 5.2.12, without sources.
enum class ListenerRecordType : std::uint8_t { IsExclude = 2, ToInclude = 3, ToExclude = 4 };
struct ListenerRecord {
  ListenerRecordType type{};
  Ipv6Address group;
};

/// "truncated", "bad-checksum", "not-a-query".
Result<ListenerQuery> decode_listener_query(ByteView icmpv6, const Ipv6Address& source,
                                            const Ipv6Address& destination);
/// Type 143:  | Reserved (16) | Number of records (16) | records |
Bytes encode_listener_report(const std::vector<ListenerRecord>& records, const Ipv6Address& source,
                             const Ipv6Address& destination);
/// Type 131 of RFC 2710 section 3, to the group itself.
Bytes encode_listener_report_v1(const Ipv6Address& group, const Ipv6Address& source);

}  // namespace flowmob::wire
