/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A node's packets for whoever captures them (docs/adr/0079). Whether somebody does stands in rows that are
 * read for every packet: while nobody does, it costs a branch. */
#pragma once

#include "abi/sample.h"
#include "bpf_base.h"
#include "drop_samples.h"
#include "packet.h"

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 20);
} captured_packets SEC(".maps");

/* Packets for which there was no room. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} captures_lost SEC(".maps");

/* `whose`: the node, by its number, and the flow, in the lower half. `path`: FM_CAPTURED_*, and in the lower
 * half the session or the member. */
#define FM_HALVES(upper, lower) ((__u64)(upper) << 32 | (__u32)(lower))

/* The IP packet that begins at `offset`. */
__noinline int fm_capture(struct __sk_buff* skb, __u64 place, __u64 whose, __u64 path) {
  __u32 offset = (__u32)(place >> 32), length = (__u32)place, first = 0;
  struct fm_captured* row = bpf_ringbuf_reserve(&captured_packets, sizeof(*row), 0);
  if (!row) {
    __u64* lost = bpf_map_lookup_elem(&captures_lost, &first);
    if (lost) ++*lost;
    return 0;
  }
  row->time = bpf_ktime_get_ns();
  row->node = (__u32)(whose >> 32);
  row->flow = (__u32)whose;
  row->way = (__u32)(path >> 32);
  row->session = (__u32)path;
  row->interface = skb->ifindex;
  row->length = length;
  __u32 count = (__u32)fm_sampled_less_one(length, FM_CAPTURED_OCTETS) + 1;
  row->octet_count = bpf_skb_load_bytes(skb, offset, row->octets, count) ? 0 : count;
  bpf_ringbuf_submit(row, 0);
  return 0;
}

static __always_inline __u64 fm_place(const struct fm_packet* packet) {
  return FM_HALVES(packet->offset, packet->length);
}
