/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "bpf_base.h"

enum fm_ecn { FM_ECN_NOT_ECT = 0, FM_ECN_ECT_1 = 1, FM_ECN_ECT_0 = 2, FM_ECN_CE = 3, FM_ECN_MASK = 3 };

#define FM_ECN_DROP (-1)

/* The inner field after decapsulation (RFC 6040 section 4.2). Encapsulation just copies (section 4.1). */
static __always_inline int fm_ecn_after_tunnel(__u8 inner, __u8 outer) {
  inner &= FM_ECN_MASK;
  outer &= FM_ECN_MASK;
  if (inner == FM_ECN_NOT_ECT) return outer == FM_ECN_CE ? FM_ECN_DROP : FM_ECN_NOT_ECT;
  if (outer == FM_ECN_CE) return FM_ECN_CE;
  if (inner == FM_ECN_ECT_0 && outer == FM_ECN_ECT_1) return FM_ECN_ECT_1;
  return inner;
}
