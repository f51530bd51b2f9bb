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

/* Key: the upper half of an address of the virtual interface. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, FM_MAX_SOURCES);
  __type(key, __u64);
  __type(value, struct fm_vif_source);
} vif_sources SEC(".maps");

static __always_inline bool fm_is_same_mac(const struct fm_mac* a, const struct fm_mac* b) {
  return a->octets[0] == b->octets[0] && a->octets[1] == b->octets[1] && a->octets[2] == b->octets[2] &&
         a->octets[3] == b->octets[3] && a->octets[4] == b->octets[4] && a->octets[5] == b->octets[5];
}

static __always_inline const struct fm_member_row* fm_member_if_up(__u32 number) {
  const struct fm_member_row* member = bpf_map_lookup_elem(&members, &number);
  return member && member->interface && member->up ? member : NULL;
}

/* Of the member on an interface; FM_MAX_MEMBERS: there is none. They are few, so that looking at each costs
 * less than a hash. Not static: the verifier is not to follow its caller once for each member. */
__noinline __u32 fm_number_of_member(__u32 interface) {
  __u32 number = 0;
  for (; number < FM_MAX_MEMBERS; ++number) {
    const __u32 row = number;
    const struct fm_member_row* member = bpf_map_lookup_elem(&members, &row);
    if (member && member->interface == interface) break;
  }
  return number;
}

static __always_inline bool fm_is_raw_ip(const struct fm_member_row* member) {
  return member->flags & FM_MEMBER_RAW_IP;
}

/* Whose gateways take what is sent from there; all of them where none is known to. */
static __always_inline struct fm_vif_source fm_members_for(__u64 source, __u32 default_member) {
  const struct fm_vif_source* known = bpf_map_lookup_elem(&vif_sources, &source);
  struct fm_vif_source usable = {~0U, default_member};
  if (!known) return usable;
  usable.members = known->members;
  if (!(known->members >> (default_member & 31) & 1)) usable.first = known->first;
  return usable;
}
