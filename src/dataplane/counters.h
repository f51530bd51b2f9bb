/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "bpf_base.h"
#include "drop_samples.h"
#include "packet.h"

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, FM_DROP_ROWS);
  __type(key, __u32);
  __type(value, struct fm_counter);
} drops SEC(".maps");

/* Drops by reason; octets without the link-layer header. All that a program drops comes by here. */
static __always_inline void fm_count_drop(struct __sk_buff* skb, enum fm_drop_reason reason) {
  __u32 row = reason;
  struct fm_counter* counter = bpf_map_lookup_elem(&drops, &row);
  if (!counter) return;
  counter->packets += skb->gso_segs ? skb->gso_segs : 1;
  counter->bytes += skb->len - ETH_HLEN;
  if (fm_samples_drops()) fm_sample_drop(skb, reason);
}

static __always_inline int fm_drop(struct __sk_buff* skb, enum fm_drop_reason reason) {
  fm_count_drop(skb, reason);
  return TC_ACT_SHOT;
}

/* What a packet counts for once it is segmented: every segment has its own headers. */
static __always_inline struct fm_counter fm_weight(const struct __sk_buff* skb,
                                                   const struct fm_packet* packet) {
  struct fm_counter weight = {1, packet->length};
  __u32 payload = packet->length - packet->headers;
  if (skb->gso_size && packet->headers && payload > skb->gso_size) {
    weight.packets = (payload + skb->gso_size - 1) / skb->gso_size;
    weight.bytes += (weight.packets - 1) * packet->headers;
  }
  return weight;
}

/* For rows of which each CPU has its own. */
static __always_inline void fm_add(struct fm_counter* counter, const struct fm_counter* weight) {
  counter->packets += weight->packets;
  counter->bytes += weight->bytes;
}

/* For rows that CPUs share. */
static __always_inline void fm_add_shared(struct fm_counter* counter, const struct fm_counter* weight) {
  __sync_fetch_and_add(&counter->packets, weight->packets);
  __sync_fetch_and_add(&counter->bytes, weight->bytes);
}
