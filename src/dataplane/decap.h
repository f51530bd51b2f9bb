/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Takes the outer header off (RFC 2473). */
#pragma once

#include "counters.h"
#include "ecn.h"
#include "packet.h"
#include "parse.h"

#define FM_NOT_A_TUNNEL 0
#define FM_TUNNEL_FRAGMENT (-1)
#define FM_TUNNEL_ENCAPSULATION_LIMIT 4

/* The length of what stands before the inner packet: an IPv6 header, perhaps with the Destination Options
 * header that carries the tunnel encapsulation limit, as Linux's own tunnels send it (RFC 2473
 * section 4.1.1). */
static __always_inline int fm_outer_length(struct __sk_buff* skb, const struct fm_packet* outer) {
  __u8 next[8];
  if (outer->next_header == FM_PROTOCOL_IPV6) return FM_IPV6_HEADER;
  if (outer->next_header != FM_PROTOCOL_DESTINATION_OPTIONS && outer->next_header != FM_PROTOCOL_FRAGMENT)
    return FM_NOT_A_TUNNEL;
  if (bpf_skb_load_bytes(skb, outer->offset + FM_IPV6_HEADER, next, sizeof(next))) return FM_NOT_A_TUNNEL;
  if (outer->next_header == FM_PROTOCOL_FRAGMENT)
    return next[0] == FM_PROTOCOL_IPV6 || next[0] == FM_PROTOCOL_DESTINATION_OPTIONS ? FM_TUNNEL_FRAGMENT
                                                                                     : FM_NOT_A_TUNNEL;
  if (next[0] != FM_PROTOCOL_IPV6 || next[1] != 0 || next[2] != FM_TUNNEL_ENCAPSULATION_LIMIT || next[3] != 1)
    return FM_NOT_A_TUNNEL;
  return FM_IPV6_HEADER + sizeof(next);
}

static __always_inline bool fm_wants_ecn_drop(const struct fm_packet* inner, const struct fm_packet* outer) {
  return fm_ecn_after_tunnel(inner->traffic_class, outer->traffic_class) == FM_ECN_DROP;
}

/* The second octet of an IPv6 header: the lower half of the traffic class, the upper of the flow label. */
static __always_inline long fm_set_ecn(struct __sk_buff* skb, const struct fm_packet* inner, int ecn) {
  __u8 octet = (__u8)((inner->traffic_class & 0xc) << 4 | ecn << 4 | (inner->key.flow_label >> 16 & 0xf));
  return bpf_skb_store_bytes(skb, ETH_HLEN + 1, &octet, 1, BPF_F_RECOMPUTE_CSUM);
}

/* Afterwards the inner packet stands right behind the link-layer header. */
static __always_inline long fm_take_off_outer(struct __sk_buff* skb, const struct fm_packet* outer,
                                              struct fm_packet* inner) {
  int ecn = fm_ecn_after_tunnel(inner->traffic_class, outer->traffic_class);
  __s32 length = (__s32)(inner->offset - outer->offset);
  long error = bpf_skb_adjust_room(skb, -length, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO);
  if (!error && ecn != (inner->traffic_class & FM_ECN_MASK)) error = fm_set_ecn(skb, inner, ecn);
  inner->offset = ETH_HLEN;
  return error;
}
