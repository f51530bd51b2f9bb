/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What both worlds share: the BPF programs in C and the control classes in C++. All numbers are in host byte
 * order unless a comment says otherwise; the layout of every row is asserted, because maps outlive programs.
 */
#pragma once

#include <linux/types.h>

#ifdef __cplusplus
#define FM_STATIC_ASSERT(condition, message) static_assert(condition, message)
#else
#define FM_STATIC_ASSERT(condition, message) _Static_assert(condition, message)
#endif

/* An IPv6 address as it stands in a packet. */
struct fm_address {
  __u8 octets[16];
};
FM_STATIC_ASSERT(sizeof(struct fm_address) == 16, "fm_address");

/* An IPv6 address as a number, to be compared. An IPv4 address is one of 0:ffff::/32, which nobody has (RFC
 * 4291 section 2.4 reserves ::/8): its upper half is a key as that of a home network prefix is. So are the
 * ends of tunnels over IPv4 in rows that have IPv6 addresses. */
#define FM_IPV4_KEY(number) (0xffffULL << 32 | (__u32)(number))
struct fm_address_number {
  __u64 high; /* of a home network prefix: the key */
  __u64 low;
};
FM_STATIC_ASSERT(sizeof(struct fm_address_number) == 16, "fm_address_number");

struct fm_mac {
  __u8 octets[6];
};
FM_STATIC_ASSERT(sizeof(struct fm_mac) == 6, "fm_mac");

/* Octets of IP packets without the tunnel's header; a GSO packet counts as the segments it stands for. */
struct fm_counter {
  __u64 packets;
  __u64 bytes;
};
FM_STATIC_ASSERT(sizeof(struct fm_counter) == 16, "fm_counter");

/* Downlink is towards the mobile node. */
struct fm_traffic {
  struct fm_counter down;
  struct fm_counter up;
};
FM_STATIC_ASSERT(sizeof(struct fm_traffic) == 32, "fm_traffic");
