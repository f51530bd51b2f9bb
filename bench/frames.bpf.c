/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Frames out of nothing for the benchmarks, and what counts them where they arrive. */
#include "frames.h"

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>

char frames_license[] SEC("license") = "Dual BSD/GPL";

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct frames_plan);
} plan SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct frames_count);
} made SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct frames_count);
} arrived SEC(".maps");

/* By age on arrival, in units of FRAME_BUCKET_NS; the last has all that is older. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, FRAME_BUCKETS);
  __type(key, __u32);
  __type(value, __u64);
} ages SEC(".maps");

/* Where divert sends what comes. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} diversion SEC(".maps");

/* Live frames are recycled as their last journey left them: all of it is written each time. Frames that are
 * not due yet are given back at once. */
SEC("xdp") int generate(struct xdp_md* context) {
  const __u32 row = 0;
  const struct frames_plan* what = bpf_map_lookup_elem(&plan, &row);
  struct frames_count* count = bpf_map_lookup_elem(&made, &row);
  __u64* to = (__u64*)(long)context->data;
  const void* end = (const void*)(long)context->data_end;
  if (!what || !count || (const void*)(to + FRAME_SHORT / 8) > end) return XDP_DROP;
  __u64 now = 0;
  if (what->interval_ns) {
    now = bpf_ktime_get_ns();
    if (count->packets >= what->left || now < count->next_ns) return XDP_DROP;
    count->next_ns += what->interval_ns;
  }
  const __u64* from = (const __u64*)what->frame;
  __be16 port = bpf_htons((__u16)(what->port + (count->flow++ & what->flow_mask)));
#pragma unroll
  for (int i = 0; i < FRAME_SHORT / 8; ++i) to[i] = from[i];
  if (what->length == FRAME_LONG) {
    if ((const void*)(to + FRAME_LONG / 8) > end) return XDP_DROP;
#pragma unroll
    for (int i = FRAME_SHORT / 8; i < FRAME_LONG / 8; ++i) to[i] = from[i];
    *(__be16*)((char*)to + ETH_HLEN + 80) = port;
    to[FRAME_LONG / 8 - 1] = now;
  } else {
    *(__be16*)((char*)to + ETH_HLEN + 40) = port;
    to[FRAME_SHORT / 8 - 1] = now;
  }
  ++count->packets;
  return (int)bpf_redirect(what->interface, 0);
}

/* UDP, or a tunnel: not what keeps the network itself going. */
static __always_inline bool is_generated(const __u8* data, const void* end) {
  if (data + ETH_HLEN + 40 > (const __u8*)end) return false;
  return data[12] == 0x86 && data[13] == 0xdd && (data[20] == 17 || data[20] == 41);
}

static __always_inline void count_arrival(void) {
  const __u32 row = 0;
  struct frames_count* count = bpf_map_lookup_elem(&arrived, &row);
  if (count) ++count->packets;
}

static __always_inline void note_age(__u64 stamp) {
  __u64 age = (bpf_ktime_get_ns() - stamp) / FRAME_BUCKET_NS;
  __u32 bucket = age < FRAME_BUCKETS ? (__u32)age : FRAME_BUCKETS - 1;
  __u64* count = bpf_map_lookup_elem(&ages, &bucket);
  if (count) ++*count;
}

static __always_inline bool is_timed(void) {
  const __u32 row = 0;
  const struct frames_plan* what = bpf_map_lookup_elem(&plan, &row);
  return what && what->interval_ns;
}

SEC("tc") int sink(struct __sk_buff* skb) {
  __u64 stamp;
  if (!is_generated((const __u8*)(long)skb->data, (const void*)(long)skb->data_end)) return TC_ACT_UNSPEC;
  count_arrival();
  if (is_timed() && !bpf_skb_load_bytes(skb, skb->len - FRAME_STAMP, &stamp, FRAME_STAMP)) note_age(stamp);
  return TC_ACT_SHOT;
}

SEC("xdp") int sink_xdp(struct xdp_md* context) {
  const __u8* data = (const __u8*)(long)context->data;
  const void* end = (const void*)(long)context->data_end;
  if (!is_generated(data, end)) return XDP_PASS;
  count_arrival();
  if (is_timed()) {
    const __u8* stamp = data + (data[20] == 41 ? FRAME_LONG : FRAME_SHORT) - FRAME_STAMP;
    if (stamp + FRAME_STAMP <= (const __u8*)end) note_age(*(const __u64*)stamp);
  }
  return XDP_DROP;
}

/* As if a network card's driver handed every frame to the stack. */
SEC("xdp") int pass_xdp(struct xdp_md* context) { return XDP_PASS; }

/* As if a program on this machine had sent it. */
SEC("tc") int divert(struct __sk_buff* skb) {
  const __u32 row = 0;
  const __u32* to = bpf_map_lookup_elem(&diversion, &row);
  if (!to || !is_generated((const __u8*)(long)skb->data, (const void*)(long)skb->data_end))
    return TC_ACT_UNSPEC;
  return (int)bpf_redirect(*to, 0);
}

/* The programs that `again` runs: a subject, or what stands for one. */
struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} subject SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, FRAME_ROUND);
  __type(key, __u32);
  __type(value, struct frames_other);
} others SEC(".maps");

/* The next frame of a round, in the place of what the last run left, and the subject. */
SEC("xdp") int again(struct xdp_md* context) {
  const __u32 row = 0;
  if (context->data_end - context->data > FRAME_SHORT) bpf_xdp_adjust_head(context, FRAME_LONG - FRAME_SHORT);
  const struct frames_plan* what = bpf_map_lookup_elem(&plan, &row);
  struct frames_count* count = bpf_map_lookup_elem(&made, &row);
  __u64* to = (__u64*)(long)context->data;
  if (!what || !count || (const void*)(to + FRAME_SHORT / 8) > (const void*)(long)context->data_end)
    return XDP_ABORTED;
  __u32 number = count->flow++ % FRAME_ROUND;
  const struct frames_other* other = bpf_map_lookup_elem(&others, &number);
  if (!other) return XDP_ABORTED;
  const __u64 *same = (const __u64*)what->frame, *differs = (const __u64*)other->octets;
#pragma unroll
  for (int i = 0; i < FRAME_SAME / 8; ++i) to[i] = same[i];
#pragma unroll
  for (int i = FRAME_SAME / 8; i < FRAME_SHORT / 8; ++i) to[i] = differs[i - FRAME_SAME / 8];
  bpf_tail_call(context, &subject, 0);
  return XDP_ABORTED;
}

/* What `again` undoes. */
SEC("xdp") int cover_xdp(struct xdp_md* context) {
  bpf_xdp_adjust_head(context, -(FRAME_LONG - FRAME_SHORT));
  return XDP_PASS;
}

/* Nothing, to know what running a program costs. */
SEC("tc") int nothing(struct __sk_buff* skb) { return TC_ACT_UNSPEC; }
