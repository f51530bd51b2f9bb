/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "packet.h"

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 8192);
  __type(key, struct fm_fragment_key);
  __type(value, struct fm_fragment_row);
} fragments SEC(".maps");

static __always_inline struct fm_fragment_key fm_fragment_of(const struct fm_packet* packet,
                                                             __u32 identification) {
  struct fm_fragment_key key = {packet->key.source, packet->key.destination, identification,
                                packet->ipv4 ? packet->next_header : 0};
  return key;
}

/* The first fragment leaves what the others will need. */
static __always_inline void fm_remember_first_fragment(const struct fm_packet* packet, __u32 identification) {
  struct fm_fragment_key key = fm_fragment_of(packet, identification);
  struct fm_fragment_row row = {.spi = packet->key.spi,
                                .source_port = packet->key.source_port,
                                .destination_port = packet->key.destination_port,
                                .protocol = packet->key.protocol,
                                .has = packet->key.has};
  bpf_map_update_elem(&fragments, &key, &row, BPF_ANY);
}

/* All fragments go the way of the first (RFC 6089 section 5.3.6). */
static __always_inline void fm_follow_first_fragment(struct fm_packet* packet, __u32 identification) {
  struct fm_fragment_key key = fm_fragment_of(packet, identification);
  const struct fm_fragment_row* row = bpf_map_lookup_elem(&fragments, &key);
  packet->whole_key = row != NULL;
  if (!row) return;
  packet->key.spi = row->spi;
  packet->key.source_port = row->source_port;
  packet->key.destination_port = row->destination_port;
  packet->key.protocol = row->protocol;
  packet->key.has = row->has;
}
