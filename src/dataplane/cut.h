/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Packets of IPv4 that are too big for their tunnel and may be cut: the daemon does it (docs/adr/0058). */
#pragma once

#include "abi/mag.h"
#include "budget.h"
#include "counters.h"
#include "encap.h"
#include "packet.h"

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 20);
} to_cut SEC(".maps");

/* When this CPU's next packet is due if it hands over at the full rate. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} cut_budget SEC(".maps");

static __always_inline bool fm_cut_within_budget(void) {
  __u32 row = 0;
  return fm_spend(bpf_map_lookup_elem(&cut_budget, &row));
}

/* As it is, before its hop is counted. Returns the verdict on the original. */
static __noinline int fm_hand_over(struct __sk_buff* skb, const struct fm_packet* packet, __u32 attachment,
                                   struct fm_tunnel* tunnel) {
  __u64 less = fm_one_less(packet->length); /* of none: more than there is room for */
  struct fm_cut_row* row = NULL;
  if (fm_cut_within_budget()) row = bpf_ringbuf_reserve(&to_cut, sizeof(*row), 0);
  if (!row) return fm_drop(skb, FM_DROP_TOO_BIG_SILENT);
  bool fits = less < FM_CUT_ROOM;
  if (fits) {
    asm volatile("" : "+r"(less)); /* what was compared is what is added to */
    fits = !bpf_skb_load_bytes(skb, packet->offset, row->octets, (__u32)(less + 1));
  }
  if (!fits) {
    bpf_ringbuf_discard(row, 0);
    return fm_drop(skb, FM_DROP_TOO_BIG_SILENT);
  }
  row->attachment = attachment;
  row->mtu = (__u16)tunnel->cut_to;
  row->length = (__u16)(less + 1);
  bpf_ringbuf_submit(row, 0);
  tunnel->entered = true;
  return fm_drop(skb, FM_DROP_CUT);
}
