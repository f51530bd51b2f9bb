/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Packets that come by several links at once: the first copy counts (docs/adr/0059). Nothing is put into a
 * packet to tell its copies: they are told by what is in it. */
#pragma once

#include "bpf_base.h"
#include "packet.h"

#define FM_SEEN_WAYS 8
#define FM_SEEN_ROWS 4
#define FM_SEEN_BUCKETS (1 << 13)
#define FM_SEEN_NS 1000000000LL
#define FM_SEEN_MOST 0xffff

/* How often packets with this content came, by the way they took. */
struct fm_seen {
  __u64 fingerprint;
  __u64 first_ns;
  __u32 ways[FM_SEEN_WAYS];
  __u16 counts[FM_SEEN_WAYS];
};

struct fm_seen_bucket {
  struct bpf_spin_lock lock;
  __u32 pad;
  struct fm_seen rows[FM_SEEN_ROWS];
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, FM_SEEN_BUCKETS);
  __type(key, __u32);
  __type(value, struct fm_seen_bucket);
} seen SEC(".maps");

/* A number that nobody else knows: whose packets are taken for copies must not be chosen from outside. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} copy_secret SEC(".maps");

#define FM_CHUNK 32
#define FM_MOST_CHUNKS 48

static __always_inline __u64 fm_mix(__u64 hash, __u64 word) {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
  return hash ^ hash >> 29;
}

/* Up to FM_CHUNK octets. */
static __noinline __u64 fm_mix_chunk(struct __sk_buff* skb, __u32 offset, __u32 length, __u64 hash) {
  __u64 words[FM_CHUNK / 8] = {};
  __u32 rest = (__u32)(fm_one_less(length) & (FM_CHUNK - 1)) + 1;
  if (length >= FM_CHUNK) {
    if (bpf_skb_load_bytes(skb, offset, words, FM_CHUNK)) return hash;
  } else if (length) {
    if (bpf_skb_load_bytes(skb, offset, words, rest)) return hash;
  }
  for (int i = 0; i < FM_CHUNK / 8; ++i) hash = fm_mix(hash, words[i]);
  return hash;
}

/* What is behind the headers that routers, and checksums that network cards, may change on the way. */
static __always_inline __u32 fm_lasting_part(struct __sk_buff* skb, const struct fm_packet* packet,
                                             __u64* hash) {
  if (!packet->upper) return packet->offset + (packet->ipv4 ? packet->header : FM_IPV6_HEADER);
  if (packet->key.protocol == FM_PROTOCOL_UDP) return packet->upper + 8;
  if (packet->key.protocol != FM_PROTOCOL_TCP) return packet->upper;
  *hash = fm_mix_chunk(skb, packet->upper, 16, *hash);
  return packet->upper + 18;
}

/* Of a train of segments its beginning and its length. */
static __noinline __u64 fm_fingerprint(struct __sk_buff* skb, const struct fm_packet* packet, __u64 secret) {
  const struct fm_flow_key* key = &packet->key;
  __u64 hash = fm_mix(secret, key->source.high ^ key->destination.low);
  hash = fm_mix(fm_mix(hash, key->source.low), key->destination.high);
  hash = fm_mix(hash, (__u64)key->protocol << 32 ^ (__u64)key->source_port << 16 ^ key->destination_port);
  hash = fm_mix(hash, (__u64)packet->length << 32 ^ (__u64)packet->identification << 16 ^ packet->fragment);
  __u32 offset = fm_lasting_part(skb, packet, &hash);
  __u32 end = packet->offset + packet->length;
  for (int i = 0; i < FM_MOST_CHUNKS && offset < end; ++i) {
    hash = fm_mix_chunk(skb, offset, end - offset, hash);
    offset += FM_CHUNK;
  }
  return hash ? hash : 1;
}

/* A sender may say the same twice: then it comes twice by each way. So a packet is new when its way has
 * brought more of its kind than any other. By more ways than there is room for nothing new comes. */
static __always_inline bool fm_is_first(struct fm_seen* row, __u32 way) {
  __u16 most = 0;
  bool is_counted = false, is_first = false;
#pragma unroll
  for (int i = 0; i < FM_SEEN_WAYS; ++i)
    if (row->counts[i] > most) most = row->counts[i];
#pragma unroll
  for (int i = 0; i < FM_SEEN_WAYS; ++i) {
    bool is_mine = row->ways[i] == way || !row->ways[i];
    if (is_counted || !is_mine) continue;
    row->ways[i] = way;
    if (row->counts[i] < FM_SEEN_MOST) ++row->counts[i];
    is_first = row->counts[i] > most;
    is_counted = true;
  }
  return is_first;
}

/* `way`: a number of the link, not zero. */
static __noinline int fm_is_copy(struct __sk_buff* skb, const struct fm_packet* packet, __u32 way) {
  __u32 first = 0;
  const __u64* secret = bpf_map_lookup_elem(&copy_secret, &first);
  if (!secret) return 0;
  __u64 fingerprint = fm_fingerprint(skb, packet, *secret);
  __u64 now = bpf_ktime_get_ns();
  __u32 number = (__u32)(fingerprint >> 40) & (FM_SEEN_BUCKETS - 1);
  struct fm_seen_bucket* bucket = bpf_map_lookup_elem(&seen, &number);
  if (!bucket) return 0;
  bpf_spin_lock(&bucket->lock);
  struct fm_seen* row = &bucket->rows[0];
#pragma unroll
  for (int i = 0; i < FM_SEEN_ROWS; ++i) {
    struct fm_seen* one = &bucket->rows[i];
    if (row->fingerprint == fingerprint) continue;
    if (one->fingerprint == fingerprint || one->first_ns < row->first_ns) row = one;
  }
  if (row->fingerprint != fingerprint || (__s64)(now - row->first_ns) > FM_SEEN_NS) {
    struct fm_seen fresh = {.fingerprint = fingerprint, .first_ns = now};
    *row = fresh;
  }
  bool is_first = fm_is_first(row, way);
  bpf_spin_unlock(&bucket->lock);
  return !is_first;
}
