/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "types.h"

#define FM_XDP_FROM_CORE 1u /* correspondents are there: what is for mobile nodes is looked at */
#define FM_XDP_FROM_MAGS 2u /* MAGs are: a mobile node's packet may come in its tunnel alone */
#define FM_XDP_SENDS 4u     /* it takes frames that are redirected to it */

/* An interface with an XDP program of ours. The row of an array: those with greater numbers have none. */
#define FM_XDP_LINKS (1 << 14)
struct fm_xdp_link {
  struct fm_mac mac;
  __u16 flags; /* FM_XDP_*; zero: it is no such interface */
};
FM_STATIC_ASSERT(sizeof(struct fm_xdp_link) == 8, "fm_xdp_link");

/* A neighbour that frames are redirected to past the kernel, which thinks that nobody uses it. An array by a
 * hash of the two: what displaces another only asks the kernel once more. */
#define FM_XDP_NEXT_HOPS (1 << 10)
struct fm_xdp_next_hop {
  struct fm_address address;
  __u32 interface;
  __u32 pad;
  __u64 asked; /* when the kernel last sent it something itself, of the clock of bpf_ktime_get_ns() */
};
FM_STATIC_ASSERT(sizeof(struct fm_xdp_next_hop) == 32, "fm_xdp_next_hop");

static inline __u32 fm_xdp_next_hop_row(__u64 high, __u64 low, __u32 interface) {
  return (__u32)(((high ^ low ^ interface) * 0x9e3779b97f4a7c15ULL) >> 40) & (FM_XDP_NEXT_HOPS - 1);
}

#define FM_XDP_ROUTES 256 /* by the MAG */

/* For so long it may send none. From then on it gets a packet that no other is close behind, and after the
 * second time any. */
#define FM_XDP_ASK_NS 1000000000ULL
#define FM_XDP_ASK_AT_LAST_NS 4000000000ULL
#define FM_XDP_PAUSE_NS 20000000ULL
