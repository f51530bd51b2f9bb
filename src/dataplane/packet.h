/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "abi/flow_key.h"
#include "bpf_base.h"

/* What is known of one IP packet. Offsets count from the start of the frame. */
struct fm_packet {
  struct fm_flow_key key; /* as the packet stands; fm_reverse() for uplink */
  __u32 offset;           /* of the IP header */
  __u32 length;           /* of the whole IP packet */
  __u32 upper;            /* offset of the upper-layer header; zero if it is not in this packet */
  __u32 headers;          /* of GSO packets: length of all headers that each segment repeats; else zero */
  __u8 traffic_class;
  __u8 next_header; /* right behind the IP header */
  __u8 hop_limit;
  bool ipv4;
  __u8 header;    /* of IPv4: the header's length; below: host byte order */
  __u16 fragment; /* of IPv6 FM_IPV4_MORE_FRAGMENTS alone, for the first of several */
  __u32 identification;
  bool whole_key; /* false: a fragment whose first was never seen */
};

/* Of the packet's own octets: what is behind it in the frame is not its. */
static __always_inline long fm_load(struct __sk_buff* skb, const struct fm_packet* packet, __u32 offset,
                                    void* to, __u32 length) {
  if (offset + length > packet->offset + packet->length) return -1;
  return bpf_skb_load_bytes(skb, offset, to, length);
}

/* Rows have addresses of IPv4 as such of IPv6 that nobody has (RFC 4291 section 2.4): a packet of IPv6 with
 * one would be taken for somebody's. */
static __always_inline bool fm_is_ipv4_key(__u64 high) { return high >> 32 == 0xffff; }
static __always_inline bool fm_is_of_nobody(const struct fm_packet* packet) {
  return !packet->ipv4 &&
         (fm_is_ipv4_key(packet->key.source.high) || fm_is_ipv4_key(packet->key.destination.high));
}

/* A source that no router forwards (RFC 4291 sections 2.4, 2.5 and 2.7, RFC 1812 section 5.3.7); link-local
 * ones are the stack's to answer. Of ::/16 none is ever on a wire. */
static __always_inline bool fm_has_no_sender(const struct fm_packet* packet) {
  const struct fm_address_number* source = &packet->key.source;
  __u8 first = (__u8)(fm_ipv4_of(source) >> 24);
  if (packet->ipv4) return !first || first == 127 || first >= 224;
  return !(source->high >> 48) || fm_is_multicast(source);
}

static __always_inline void fm_reverse(struct fm_flow_key* key) {
  struct fm_address_number source = key->source;
  __u16 source_port = key->source_port;
  key->source = key->destination;
  key->destination = source;
  key->source_port = key->destination_port;
  key->destination_port = source_port;
}
