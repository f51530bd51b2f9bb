/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Flows that are just moving, and sessions that are handed off: which packets came by which path, and when.
 */
#pragma once

#include "abi/lma.h"
#include "bpf_base.h"

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct fm_watch_marks);
} watch_marks SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 1 << 11);
  __type(key, __u32);
  __type(value, struct fm_watch_row);
} watches SEC(".maps");

static __always_inline const struct fm_watch_marks* fm_marks(void) {
  __u32 row = 0;
  return bpf_map_lookup_elem(&watch_marks, &row);
}

/* Or another is that has the same bit. */
static __always_inline bool fm_is_marked(const struct fm_watch_marks* marks, __u32 key) {
  return marks->words[key / 64 % FM_WATCH_WORDS] >> key % 64 & 1;
}

/* CPUs share the row: what is counted is exact, a time is that of one of those that came at once. */
static __always_inline void fm_see_on(struct fm_path_seen* path, __u64 packets, __u64 now) {
  __sync_fetch_and_add(&path->packets, packets);
  if (!path->first) path->first = now;
  if (path->last < now) path->last = now;
}

static __always_inline void fm_see_by(__u32 key, __u32 path, __u64 packets, bool up) {
  struct fm_watch_row* row = bpf_map_lookup_elem(&watches, &key);
  if (!row) return;
  struct fm_way_seen* way = up ? &row->up : &row->down;
  __u64 now = bpf_ktime_get_ns();
  if (path == row->new_path) return fm_see_on(&way->new_path, packets, now);
  if (path != row->old_path) return;
  fm_see_on(&way->old_path, packets, now);
  if (way->new_path.first) __sync_fetch_and_add(&way->late, packets);
}
