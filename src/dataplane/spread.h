/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Flows that take several of their node's links: by copies, or each 5-tuple by one of them. */
#pragma once

#include "abi/lma.h"
#include "bpf_base.h"
#include "flow_hash.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1 << 20);
  __type(key, __u32);
  __type(value, struct fm_spread);
} spreads SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 1 << 16);
  __type(key, struct fm_flow_key);
  __type(value, struct fm_choice);
} choices SEC(".maps");

static __always_inline __u32 fm_place_of(const struct fm_spread* spread, __u32 session) {
  for (__u32 place = 0; place < FM_MAX_SPREAD; ++place)
    if (spread->sessions[place] == session) return place;
  return FM_MAX_SPREAD;
}

/* A 5-tuple stays where it began, as long as that link takes part; zero: none does. */
static __noinline __u32 fm_shared_session(const struct fm_flow_key* key, __u32 flow, bool whole_key) {
  const struct fm_spread* spread = bpf_map_lookup_elem(&spreads, &flow);
  if (!spread) return 0;
  struct fm_flow_key plain = *key;
  plain.flow_label = 0;
  plain.ds = 0;
  const struct fm_choice* known = bpf_map_lookup_elem(&choices, &plain);
  if (known && known->flow == flow && known->session && fm_place_of(spread, known->session) < FM_MAX_SPREAD)
    return known->session;
  __u32 slot = (__u32)(fm_flow_hash(key) >> 20) & (FM_SHARE_SLOTS - 1);
  struct fm_choice chosen = {flow, spread->sessions[spread->slots[slot] & (FM_MAX_SPREAD - 1)]};
  if (whole_key && chosen.session) bpf_map_update_elem(&choices, &plain, &chosen, BPF_ANY);
  return chosen.session;
}

/* Of a packet that goes by several links; 0: the original. */
struct fm_copy {
  __u32 number;
  bool forwarded; /* false: it comes out of our own stack, which has counted the hop */
};

/* In skb->tc_index, with which nothing else is done here. */
#define FM_COPY_MARK 0x4d40
#define FM_COPY_FORWARDED 8

static __always_inline struct fm_copy fm_take_copy_mark(struct __sk_buff* skb) {
  struct fm_copy copy = {};
  if ((skb->tc_index & ~0xfu) != FM_COPY_MARK) return copy;
  copy.number = skb->tc_index & (FM_MAX_SPREAD - 1);
  copy.forwarded = skb->tc_index & FM_COPY_FORWARDED;
  skb->tc_index = 0;
  return copy;
}

/* By way of an interface that has lma_local at its egress: each is put into its tunnel there. */
static __noinline int fm_send_copies(struct __sk_buff* skb, const struct fm_spread* spread, __u32 interface,
                                     bool forwarded) {
  if (!spread) return 0;
  for (__u32 number = 1; number < FM_MAX_SPREAD; ++number) {
    if (!spread->sessions[number]) break;
    skb->tc_index = FM_COPY_MARK | (forwarded ? FM_COPY_FORWARDED : 0) | number;
    bpf_clone_redirect(skb, interface, 0);
  }
  skb->tc_index = 0;
  return 0;
}
