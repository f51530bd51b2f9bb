/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The physical interfaces of a mobile node. */
#pragma once

#include "abi/vif.h"
#include "bpf_base.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, FM_MAX_MEMBERS);
  __type(key, __u32);
  __type(value, struct fm_member_row);
} members SEC(".maps");

static __always_inline const struct fm_member_row* fm_member_if_up(__u32 number) {
  const struct fm_member_row* member = bpf_map_lookup_elem(&members, &number);
  return member && member->interface && member->up ? member : NULL;
}
