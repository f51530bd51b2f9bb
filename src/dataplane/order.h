/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Moves in order: each 5-tuple of a flow that moves takes the new path when what it sends there cannot
 * overtake what it has sent by the old one; where it does not pause for so long, it is made to
 * (docs/adr/0063). */
#pragma once

#include "abi/lma.h"
#include "abi/order.h"
#include "bpf_base.h"
#include "counters.h"
#include "packet.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1 << 11);
  __type(key, __u32);
  __type(value, struct fm_order_row);
} orders SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1 << 11);
  __type(key, __u32);
  __type(value, struct fm_order_seen);
} order_seen SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 1 << 14);
  __type(key, struct fm_flow_key);
  __type(value, struct fm_turn);
} turns SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 1 << 14);
  __type(key, struct fm_flow_key);
  __type(value, struct fm_turn);
} uplink_turns SEC(".maps");

/* Who holds packets is user space. If it does not let them go, or cannot follow, the flow goes on without. */
#define FM_HOLD_PATIENCE_NS 100000000ULL
#define FM_HOLD_MOST_BYTES (32u << 20)
#define FM_HOLD_MOST_PACKETS 8192
/* Behind the deadline nodes have followed their flows: no uplink packet waits any more. */
#define FM_UPLINK_FOLLOWS_NS 1000000000ULL

enum fm_turned { FM_BY_OLD, FM_BY_NEW, FM_WAIT };

/* One that is not known, or was forgotten, has sent its last packet as the move began. */
static __always_inline struct fm_turn* fm_turn_of(const struct fm_flow_key* plain, __u32 flow,
                                                  const struct fm_order_row* order) {
  struct fm_turn* turn = bpf_map_lookup_elem(&turns, plain);
  if (turn && turn->flow == flow && turn->number == order->number) return turn;
  struct fm_turn fresh = {.last = order->begun, .flow = flow, .number = order->number};
  bpf_map_update_elem(&turns, plain, &fresh, BPF_ANY);
  return bpf_map_lookup_elem(&turns, plain);
}

/* Until the gap has passed, and then behind what still waits. */
static __always_inline bool fm_has_to_wait(const struct fm_order_seen* seen, const struct fm_turn* turn,
                                           __u64 now) {
  if (now > turn->release + FM_HOLD_PATIENCE_NS) return false;
  __s64 waiting =
      seen->held_packets - seen->released_packets; /* what was cut on its way comes back as more */
  if ((__s64)(seen->held_bytes - seen->released_bytes) > FM_HOLD_MOST_BYTES) return false;
  if (waiting > FM_HOLD_MOST_PACKETS) return false;
  return now < turn->release || waiting > 0;
}

static __always_inline void fm_turn_at(struct fm_order_seen* seen, struct fm_turn* turn, __u32 state,
                                       __u64* count, __u64 now) {
  turn->state = state;
  seen->last_turn = now;
  __sync_fetch_and_add(count, 1);
}

static __always_inline enum fm_turned fm_turn(const struct fm_order_row* order, struct fm_order_seen* seen,
                                              struct fm_turn* turn, __u64 now) {
  if (turn->state == FM_TURN_OLD) {
    if ((__s64)(now - turn->last) > (__s64)order->gap) { /* another CPU may be ahead of this one */
      fm_turn_at(seen, turn, FM_TURN_NEW, &seen->at_gaps, now);
    } else if (now < order->deadline) {
      turn->last = now;
      return FM_BY_OLD;
    } else {
      turn->release = turn->last + order->gap;
      if (order->hold_interface)
        fm_turn_at(seen, turn, FM_TURN_HELD, &seen->held, now);
      else
        fm_turn_at(seen, turn, FM_TURN_NEW, &seen->at_deadline, now);
    }
  }
  if (turn->state == FM_TURN_HELD && fm_has_to_wait(seen, turn, now)) return FM_WAIT;
  turn->state = FM_TURN_NEW;
  if (now < turn->release) __sync_fetch_and_add(&seen->early, 1);
  return FM_BY_NEW;
}

/* Which way a packet of a flow that moves goes now. `held` says when, if it waits. */
static __noinline int fm_in_order(const struct fm_flow_key* key, __u32 flow, __u32 bytes,
                                  struct fm_held* held) {
  const struct fm_order_row* order = bpf_map_lookup_elem(&orders, &flow);
  struct fm_order_seen* seen = bpf_map_lookup_elem(&order_seen, &flow);
  if (!order || !seen || !key || !held) return FM_BY_NEW;
  struct fm_flow_key plain = *key;
  plain.flow_label = 0;
  plain.ds = 0;
  seen->node = plain.destination;
  struct fm_turn* turn = fm_turn_of(&plain, flow, order);
  if (!turn) return FM_BY_NEW;
  enum fm_turned turned = fm_turn(order, seen, turn, bpf_ktime_get_ns());
  if (turned != FM_WAIT) return turned;
  __sync_fetch_and_add(&seen->held_packets, 1);
  __sync_fetch_and_add(&seen->held_bytes, bytes);
  held->mark = FM_HELD_MARK;
  held->number = (__u16)order->number;
  held->flow = flow;
  held->release = (__u32)(turn->release >> FM_HELD_TIME);
  return FM_WAIT;
}

static __always_inline bool fm_has_to_wait_uplink(const struct fm_order_seen* seen,
                                                  const struct fm_turn* turn, __u64 now) {
  if (now > turn->release + FM_HOLD_PATIENCE_NS) return false;
  __s64 waiting = seen->up_held_packets - seen->up_released_packets;
  if (waiting > FM_HOLD_MOST_PACKETS) return false;
  return now < turn->release || waiting > 0;
}

/* A node sends a 5-tuple by the new path because it has heard it there. One that did so before, or is new
 * since, has nothing on the way by the old one. */
static __always_inline bool fm_follows_downlink(const struct fm_flow_key* plain, __u32 flow,
                                                const struct fm_order_row* order, __u64 now) {
  const struct fm_turn* down = bpf_map_lookup_elem(&turns, plain);
  if (now > order->deadline + FM_UPLINK_FOLLOWS_NS) return false;
  return down && down->flow == flow && down->number == order->number && down->state != FM_TURN_OLD;
}

/* The node sends by the new path as soon as it hears by it, and what it has sent by the old one is still on
 * the way: for so long what comes by the new one waits here. */
static __noinline int fm_in_order_uplink(const struct fm_flow_key* key, __u32 flow, struct fm_held* held) {
  const struct fm_order_row* order = bpf_map_lookup_elem(&orders, &flow);
  struct fm_order_seen* seen = bpf_map_lookup_elem(&order_seen, &flow);
  if (!order || !seen || !key || !held || !order->up_gap || !order->hold_interface) return FM_BY_NEW;
  struct fm_flow_key plain = *key;
  plain.flow_label = 0;
  plain.ds = 0;
  __u64 now = bpf_ktime_get_ns();
  struct fm_turn* turn = bpf_map_lookup_elem(&uplink_turns, &plain);
  if (!turn || turn->flow != flow || turn->number != order->number) {
    bool waits = fm_follows_downlink(&plain, flow, order, now);
    struct fm_turn fresh = {.release = now + order->up_gap * 1000ULL,
                            .flow = flow,
                            .number = order->number,
                            .state = waits ? FM_TURN_HELD : FM_TURN_NEW};
    bpf_map_update_elem(&uplink_turns, &plain, &fresh, BPF_ANY);
    turn = bpf_map_lookup_elem(&uplink_turns, &plain);
    if (turn && waits) __sync_fetch_and_add(&seen->up_held, 1);
  }
  if (!turn || turn->state != FM_TURN_HELD) return FM_BY_NEW;
  if (!fm_has_to_wait_uplink(seen, turn, now)) {
    turn->state = FM_TURN_NEW;
    return FM_BY_NEW;
  }
  __sync_fetch_and_add(&seen->up_held_packets, 1);
  held->mark = FM_HELD_MARK;
  held->kind = FM_HELD_UPLINK;
  held->number = (__u16)order->number;
  held->flow = flow;
  held->release = (__u32)(turn->release >> FM_HELD_TIME);
  return FM_WAIT;
}

/* An uplink packet by the old path, for which those by the new one have not waited long enough. */
static __noinline int fm_note_late_uplink(const struct fm_flow_key* key, __u32 flow) {
  const struct fm_order_row* order = bpf_map_lookup_elem(&orders, &flow);
  struct fm_order_seen* seen = bpf_map_lookup_elem(&order_seen, &flow);
  if (!order || !seen || !key) return 0;
  struct fm_flow_key plain = *key;
  plain.flow_label = 0;
  plain.ds = 0;
  const struct fm_turn* turn = bpf_map_lookup_elem(&uplink_turns, &plain);
  if (turn && turn->flow == flow && turn->number == order->number && turn->state == FM_TURN_NEW)
    __sync_fetch_and_add(&seen->early, 1);
  return 0;
}

static __always_inline __u32 fm_old_session(__u32 flow) {
  const struct fm_order_row* order = bpf_map_lookup_elem(&orders, &flow);
  return order ? order->old_session : 0;
}

/* To user space, which gives it back when its time has come. */
static __always_inline int fm_hold(struct __sk_buff* skb, __u32 flow, const struct fm_held* held) {
  const struct fm_order_row* order = bpf_map_lookup_elem(&orders, &flow);
  if (!order || bpf_skb_store_bytes(skb, 0, held, sizeof(*held), 0)) return fm_drop(skb, FM_DROP_NO_FLOW);
  return (int)bpf_redirect(order->hold_interface, 0);
}

static __always_inline void fm_note_released(const struct fm_held* held, __u32 bytes) {
  __u32 flow = held->flow;
  const struct fm_order_row* order = bpf_map_lookup_elem(&orders, &flow);
  struct fm_order_seen* seen = bpf_map_lookup_elem(&order_seen, &flow);
  if (!order || !seen || (__u16)order->number != held->number) return;
  if (held->kind == FM_HELD_UPLINK) {
    __sync_fetch_and_add(&seen->up_released_packets, 1);
    return;
  }
  __sync_fetch_and_add(&seen->released_bytes, bytes);
  __sync_fetch_and_add(&seen->released_packets, 1);
}
