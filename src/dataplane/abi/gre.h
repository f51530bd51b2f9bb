/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "types.h"

/* How a session's packets are carried (RFC 5845); none: IPv6 in IPv6. */
#define FM_GRE 1u      /* with a GRE header */
#define FM_GRE_KEYS 2u /* which has a key; with FM_GRE */

struct fm_gre {
  __u32 flags; /* FM_GRE* */
  __u32 key;
};
FM_STATIC_ASSERT(sizeof(struct fm_gre) == 8, "fm_gre");
