/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "types.h"

#define FM_XDP_FROM_CORE 1u /* correspondents are there: what is for mobile nodes is looked at */
#define FM_XDP_FROM_MAGS 2u /* MAGs are: a mobile node's packet may come in its tunnel alone */
#define FM_XDP_SENDS 4u     /* it takes frames that are redirected to it */

/* An interface with an XDP program of ours. Key: interface. */
struct fm_xdp_link {
  struct fm_mac mac;
  __u16 flags; /* FM_XDP_* */
};
FM_STATIC_ASSERT(sizeof(struct fm_xdp_link) == 8, "fm_xdp_link");

/* A neighbour that frames are redirected to past the kernel, which thinks that nobody uses it. Its value:
 * when the kernel last sent it one itself, bpf_ktime_get_ns(). */
struct fm_xdp_next_hop {
  struct fm_address address;
  __u32 interface;
};
FM_STATIC_ASSERT(sizeof(struct fm_xdp_next_hop) == 20, "fm_xdp_next_hop");

/* For so long it may send none. From then on it gets a packet that no other is close behind, and after the
 * second time any. */
#define FM_XDP_ASK_NS 1000000000ULL
#define FM_XDP_ASK_AT_LAST_NS 4000000000ULL
#define FM_XDP_PAUSE_NS 20000000ULL
