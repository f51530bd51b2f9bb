/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "types.h"

/* What stands between the outer header and the packet of a session; none: nothing does. */
#define FM_SHIM_GRE 1u  /* a GRE header (RFC 5845) */
#define FM_SHIM_KEYS 2u /* which has a key; with FM_SHIM_GRE */
#define FM_SHIM_UDP 4u  /* a UDP header, behind one of IPv4 alone (RFC 5844 section 4) */

struct fm_shim {
  __u32 flags; /* FM_SHIM_* */
  __u32 key;
};
FM_STATIC_ASSERT(sizeof(struct fm_shim) == 8, "fm_shim");
