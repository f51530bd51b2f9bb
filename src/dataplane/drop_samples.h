/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Dropped packets for whoever looks at them (docs/adr/0079). While nobody does, a drop costs a look at a word
 * more, and nothing else costs anything. */
#pragma once

#include "abi/sample.h"
#include "bpf_base.h"
#include "budget.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct fm_sampling);
} sampling SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 18);
} drop_samples SEC(".maps");

/* When this CPU's next sample is due at the full rate. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} sample_budget SEC(".maps");

/* Drops, by reason, for whose samples there was no budget or no room. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, FM_DROP_ROWS);
  __type(key, __u32);
  __type(value, __u64);
} unsampled_drops SEC(".maps");

static __always_inline bool fm_samples_drops(void) {
  __u32 first = 0;
  const struct fm_sampling* wanted = bpf_map_lookup_elem(&sampling, &first);
  return wanted && wanted->drops;
}

/* A row for a frame of this length, of which the caller has to set the rest before it submits it. NULL: there
 * is no room, which is counted. For programs of every kind. */
static __always_inline struct fm_drop_sample* fm_begin_drop_sample(__u32 reason, __u32 length) {
  __u32 key = 0;
  struct fm_drop_sample* row = NULL;
  if (fm_spend_of(bpf_map_lookup_elem(&sample_budget, &key), FM_DROP_SAMPLE_INTERVAL_NS,
                  FM_DROP_SAMPLE_BURST_NS))
    row = bpf_ringbuf_reserve(&drop_samples, sizeof(*row), 0);
  if (row) {
    row->time = bpf_ktime_get_ns();
    row->reason = reason;
    row->length = length;
    return row;
  }
  key = reason;
  __u64* unsampled = bpf_map_lookup_elem(&unsampled_drops, &key);
  if (unsampled) ++*unsampled;
  return NULL;
}

/* How many octets of a frame of this length are taken, less one: in what the verifier can follow. */
static __always_inline __u64 fm_sampled_less_one(__u32 length, __u32 most) {
  __u64 less = fm_one_less(length);
  if (less >= most) less = most - 1;
  asm volatile("" : "+r"(less)); /* what was compared is what is added to */
  return less;
}

/* Of frames that tc programs drop. */
__noinline int fm_sample_drop(struct __sk_buff* skb, __u32 reason) {
  struct fm_drop_sample* row = fm_begin_drop_sample(reason, skb->len);
  if (!row) return 0;
  row->interface = skb->ifindex;
  row->came_by = skb->ingress_ifindex;
  row->packets = skb->gso_segs ? skb->gso_segs : 1;
  row->protocol = (__be16)skb->protocol;
  __u32 count = (__u32)fm_sampled_less_one(skb->len, FM_DROP_SAMPLE_OCTETS) + 1;
  row->octet_count = bpf_skb_load_bytes(skb, 0, row->octets, count) ? 0 : (__u16)count;
  bpf_ringbuf_submit(row, 0);
  return 0;
}
