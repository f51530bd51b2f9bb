/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ways to tunnels' other ends, each of which holds until the kernel's clock ticks (docs/adr/0081): of a busy
 * tunnel one packet a tick asks the routing tables, and all others go the way that it went. */
#pragma once

#include "bpf_base.h"

#define FM_RECENT_ROUTES 64

struct fm_recent_route {
  struct fm_address local;
  struct fm_address remote;
  __u64 tick; /* bpf_ktime_get_coarse_ns() */
  __u32 from; /* interface that packets come by */
  __u32 interface;
  __u32 next_hop[4];
  __u16 mtu;
  __u16 family;
  __u32 pad;
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, FM_RECENT_ROUTES);
  __type(key, __u32);
  __type(value, struct fm_recent_route);
} recent_routes SEC(".maps");

static __always_inline bool fm_is_same_address(const struct fm_address* a, const struct fm_address* b) {
  __u64 one[2], other[2];
  __builtin_memcpy(one, a, sizeof(one));
  __builtin_memcpy(other, b, sizeof(other));
  return one[0] == other[0] && one[1] == other[1];
}

static __always_inline struct fm_recent_route* fm_recent_route(const struct fm_address* remote) {
  __u32 words[4];
  __builtin_memcpy(words, remote, sizeof(words));
  __u32 hash = (words[0] ^ words[1] ^ words[2] ^ words[3]) * 0x9e3779b1U;
  __u32 row = hash >> 26;
  return bpf_map_lookup_elem(&recent_routes, &row);
}

/* A packet of `length` octets, tunnel and all, goes as others did just now. */
static __always_inline bool fm_goes_as_before(const struct fm_recent_route* recent,
                                              const struct fm_address* local, const struct fm_address* remote,
                                              __u32 from, __u32 length) {
  return recent->tick == bpf_ktime_get_coarse_ns() && recent->from == from && length <= recent->mtu &&
         fm_is_same_address(&recent->remote, remote) && fm_is_same_address(&recent->local, local);
}

static __always_inline void fm_use_recent_route(const struct fm_recent_route* recent,
                                                struct bpf_fib_lookup* route) {
  route->family = (__u8)recent->family;
  route->ifindex = recent->interface;
  __builtin_memcpy(route->ipv6_dst, recent->next_hop, sizeof(recent->next_hop));
}

static __always_inline void fm_note_route(struct fm_recent_route* recent, const struct fm_address* local,
                                          const struct fm_address* remote, __u32 from,
                                          const struct bpf_fib_lookup* route) {
  recent->local = *local;
  recent->remote = *remote;
  recent->from = from;
  recent->interface = route->ifindex;
  __builtin_memcpy(recent->next_hop, route->ipv6_dst, sizeof(recent->next_hop));
  recent->mtu = route->mtu_result;
  recent->family = route->family;
  recent->tick = bpf_ktime_get_coarse_ns();
}
