/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Flows that a node sends by this gateway although their downlink comes by another: the daemon is told of
 * each (docs/adr/0062). Nodes that are not watched cost a look at a flag. */
#pragma once

#include "abi/notice.h"
#include "bpf_base.h"
#include "budget.h"
#include "packet.h"

/* Key: the attachment. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1 << 20);
  __type(key, __u32);
  __type(value, __u32);
} watched SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 1 << 14);
  __type(key, struct fm_flow_key);
  __type(value, struct fm_watched_flow);
} watched_flows SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 16);
} notices SEC(".maps");

/* When this CPU's next notice is due at the full rate. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} notice_budget SEC(".maps");

static __always_inline bool fm_tell(const struct fm_flow_key* key, __u32 attachment, __u32 kind) {
  __u32 first = 0;
  if (!fm_spend(bpf_map_lookup_elem(&notice_budget, &first))) return false;
  struct fm_notice* notice = bpf_ringbuf_reserve(&notices, sizeof(*notice), 0);
  if (!notice) return false;
  notice->key = *key;
  notice->attachment = attachment;
  notice->kind = kind;
  bpf_ringbuf_submit(notice, 0);
  return true;
}

/* Since it was last sent here. */
static __always_inline __u64 fm_going_on(const struct fm_watched_flow* flow, __u64 now) {
  __s64 pause = now - flow->last_up;
  if (pause < 0) pause = 0; /* it was sent on another CPU meanwhile */
  return flow->unanswered + (pause < (__s64)FM_NOTICE_PAUSE_NS ? pause : FM_NOTICE_PAUSE_NS);
}

static __always_inline bool fm_is_unanswered(const struct fm_watched_flow* flow) {
  return flow->packets >= 2 && flow->unanswered >= FM_NOTICE_WAIT_NS + 2 * flow->usual;
}

#define FM_NOTICE_NOTHING 0xffffffff

static __always_inline __u32 fm_what_to_tell(const struct fm_watched_flow* flow, __u64 now) {
  if (!flow->told && fm_is_unanswered(flow)) return FM_NOTICE_NEW;
  if (!flow->said || now - flow->said < FM_NOTICE_EVERY_NS) return FM_NOTICE_NOTHING;
  return flow->told ? FM_NOTICE_UNANSWERED : FM_NOTICE_ALIVE;
}

static __always_inline struct fm_flow_key fm_neutral(const struct fm_packet* packet) {
  struct fm_flow_key key = packet->key;
  key.flow_label = 0;
  key.ds = 0;
  return key;
}

/* Of a packet from the node. What could not be said is said with the next packet. */
static __noinline int fm_watch_up(const struct fm_packet* packet, __u32 attachment) {
  if (!packet || !packet->whole_key) return 0;
  __u64 now = bpf_ktime_get_ns();
  struct fm_flow_key key = fm_neutral(packet);
  fm_reverse(&key);
  struct fm_watched_flow* flow = bpf_map_lookup_elem(&watched_flows, &key);
  if (!flow || flow->attachment != attachment) {
    struct fm_watched_flow fresh = {.last_up = now, .packets = 1, .attachment = attachment};
    bpf_map_update_elem(&watched_flows, &key, &fresh, BPF_ANY);
    return 0;
  }
  if (flow->packets) flow->unanswered = fm_going_on(flow, now);
  flow->last_up = now;
  ++flow->packets;
  __u32 kind = fm_what_to_tell(flow, now);
  if (kind == FM_NOTICE_NOTHING || !fm_tell(&key, attachment, kind)) return 0;
  flow->said = now;
  if (kind != FM_NOTICE_NEW) return 0;
  flow->told = 1;
  flow->usual /= 2; /* it may be another by now */
  return 0;
}

/* Of a packet to the node: its flow comes this way. */
static __noinline int fm_watch_down(const struct fm_packet* packet) {
  if (!packet || !packet->whole_key) return 0;
  struct fm_flow_key key = fm_neutral(packet);
  struct fm_watched_flow* flow = bpf_map_lookup_elem(&watched_flows, &key);
  if (!flow || !flow->packets) return 0;
  __u64 now = bpf_ktime_get_ns();
  __u64 usual = fm_going_on(flow, now);
  if (usual > FM_NOTICE_USUAL_MOST_NS) usual = FM_NOTICE_USUAL_MOST_NS;
  bool is_effect = flow->told && (__s64)(now - flow->said) < FM_NOTICE_EFFECT_NS;
  if (!is_effect && usual > flow->usual) flow->usual = usual;
  flow->packets = 0;
  flow->unanswered = 0;
  flow->told = 0;
  return 0;
}
