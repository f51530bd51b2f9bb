/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What LMA and MAG agree to put before a session's packets: a GRE header (RFC 2784), perhaps with a key (RFC
 * 2890, RFC 5845), or a UDP header (RFC 5844 section 4.1.4). */
#pragma once

#include "abi/shim.h"
#include "packet.h"

#define FM_GRE_HAS_KEY 0x2000
#define FM_GRE_REFUSED 0xdc07 /* all but what is ignored (RFC 2784 section 2.3) */
#define FM_UDP_PMIP6_DATA 5437

struct fm_gre_header {
  __be16 flags;
  __be16 protocol;
  __be32 key; /* only where the flag is set */
};
FM_STATIC_ASSERT(sizeof(struct fm_gre_header) == 8, "fm_gre_header");

struct fm_udp_header {
  __be16 source;
  __be16 destination;
  __be16 length;
  __be16 checksum; /* none: what is inside has its own */
};
FM_STATIC_ASSERT(sizeof(struct fm_udp_header) == 8, "fm_udp_header");

static __always_inline __u32 fm_shim_length(__u32 flags) {
  if (flags & (FM_SHIM_KEYS | FM_SHIM_UDP)) return 8;
  return flags & FM_SHIM_GRE ? 4 : 0;
}

static __always_inline long fm_write_gre(struct __sk_buff* skb, __u32 offset, const struct fm_shim* shim,
                                         __u16 protocol) {
  struct fm_gre_header header = {.flags = shim->flags & FM_SHIM_KEYS ? bpf_htons(FM_GRE_HAS_KEY) : 0,
                                 .protocol = bpf_htons(protocol),
                                 .key = bpf_htonl(shim->key)};
  if (shim->flags & FM_SHIM_KEYS)
    return bpf_skb_store_bytes(skb, offset, &header, sizeof(header), BPF_F_RECOMPUTE_CSUM);
  return bpf_skb_store_bytes(skb, offset, &header, 4, BPF_F_RECOMPUTE_CSUM);
}

/* `length` octets are behind it; of a packet that is cut into segments later the kernel writes it anew. */
static __always_inline long fm_write_udp(struct __sk_buff* skb, __u32 offset, __u32 length) {
  struct fm_udp_header header = {.source = bpf_htons(FM_UDP_PMIP6_DATA),
                                 .destination = bpf_htons(FM_UDP_PMIP6_DATA)};
  length += sizeof(header);
  header.length = length > 0xffff ? 0 : bpf_htons((__u16)length);
  return bpf_skb_store_bytes(skb, offset, &header, sizeof(header), BPF_F_RECOMPUTE_CSUM);
}

/* The length of a GRE header; zero for one that nobody of ours sends: with a checksum, sequence numbers or of
 * version 1. The protocol that it carries gets into `protocol`. */
static __always_inline int fm_read_gre(struct __sk_buff* skb, __u32 offset, struct fm_shim* shim,
                                       __u16* protocol) {
  struct fm_gre_header header = {};
  if (bpf_skb_load_bytes(skb, offset, &header, 4)) return 0;
  if (header.flags & bpf_htons(FM_GRE_REFUSED)) return 0;
  *protocol = bpf_ntohs(header.protocol);
  shim->flags = FM_SHIM_GRE;
  if (!(header.flags & bpf_htons(FM_GRE_HAS_KEY))) return 4;
  if (bpf_skb_load_bytes(skb, offset + 4, &header.key, 4)) return 0;
  shim->flags = FM_SHIM_GRE | FM_SHIM_KEYS;
  shim->key = bpf_ntohl(header.key);
  return sizeof(header);
}

/* Whether what starts there is such a header. From any port: whose it is the addresses say. */
static __always_inline bool fm_is_udp_of_tunnel(struct __sk_buff* skb, __u32 offset) {
  struct fm_udp_header header;
  if (bpf_skb_load_bytes(skb, offset, &header, sizeof(header))) return false;
  return header.destination == bpf_htons(FM_UDP_PMIP6_DATA);
}
