/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The GRE header (RFC 2784), perhaps with a key (RFC 2890), as LMA and MAG agree on it (RFC 5845). */
#pragma once

#include "abi/gre.h"
#include "packet.h"

#define FM_GRE_HAS_KEY 0x2000

struct fm_gre_header {
  __be16 flags;
  __be16 protocol;
  __be32 key; /* only where the flag is set */
};
FM_STATIC_ASSERT(sizeof(struct fm_gre_header) == 8, "fm_gre_header");

static __always_inline __u32 fm_gre_length(__u32 gre) { return gre & FM_GRE_KEYS ? 8 : gre & FM_GRE ? 4 : 0; }

static __always_inline long fm_write_gre(struct __sk_buff* skb, __u32 offset, const struct fm_gre* gre,
                                         __u16 protocol) {
  struct fm_gre_header header = {.flags = gre->flags & FM_GRE_KEYS ? bpf_htons(FM_GRE_HAS_KEY) : 0,
                                 .protocol = bpf_htons(protocol),
                                 .key = bpf_htonl(gre->key)};
  if (gre->flags & FM_GRE_KEYS)
    return bpf_skb_store_bytes(skb, offset, &header, sizeof(header), BPF_F_RECOMPUTE_CSUM);
  return bpf_skb_store_bytes(skb, offset, &header, 4, BPF_F_RECOMPUTE_CSUM);
}

/* Its length; zero for one that nobody of ours sends: with a checksum, sequence numbers or of version 1. The
 * protocol that it carries gets into `protocol`. */
static __always_inline int fm_read_gre(struct __sk_buff* skb, __u32 offset, struct fm_gre* gre,
                                       __u16* protocol) {
  struct fm_gre_header header = {};
  if (bpf_skb_load_bytes(skb, offset, &header, 4)) return 0;
  if (header.flags & ~bpf_htons(FM_GRE_HAS_KEY)) return 0;
  *protocol = bpf_ntohs(header.protocol);
  gre->flags = FM_GRE;
  if (!header.flags) return 4;
  if (bpf_skb_load_bytes(skb, offset + 4, &header.key, 4)) return 0;
  gre->flags = FM_GRE | FM_GRE_KEYS;
  gre->key = bpf_ntohl(header.key);
  return sizeof(header);
}
