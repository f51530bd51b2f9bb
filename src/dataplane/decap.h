/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Takes the outer header off (RFC 2473, RFC 4213), and a GRE (RFC 5845) or UDP header (RFC 5844) behind it.
 */
#pragma once

#include "counters.h"
#include "ecn.h"
#include "packet.h"
#include "parse.h"
#include "shim.h"

#ifndef BPF_F_ADJ_ROOM_DECAP_L3_IPV4 /* Linux 6.3 */
#define FM_DECAP_L3_IPV4 (1ULL << 7)
#define FM_DECAP_L3_IPV6 (1ULL << 8)
#else
#define FM_DECAP_L3_IPV4 BPF_F_ADJ_ROOM_DECAP_L3_IPV4
#define FM_DECAP_L3_IPV6 BPF_F_ADJ_ROOM_DECAP_L3_IPV6
#endif

#define FM_NOT_A_TUNNEL 0
#define FM_TUNNEL_FRAGMENT (-1)
#define FM_TUNNEL_MALFORMED (-2)
#define FM_TUNNEL_ENCAPSULATION_LIMIT 4

static __always_inline bool fm_is_carried(__u8 protocol) {
  return protocol == FM_PROTOCOL_IPV6 || protocol == FM_PROTOCOL_IPV4;
}

static __always_inline bool fm_is_tunnel(__u8 protocol) {
  return fm_is_carried(protocol) || protocol == FM_PROTOCOL_GRE;
}

/* What stands before the inner packet where there is a GRE header behind `length` octets. */
static __always_inline int fm_outer_gre_length(struct __sk_buff* skb, struct fm_packet* outer, int length,
                                               struct fm_shim* shim) {
  __u16 protocol = 0;
  int header = fm_read_gre(skb, outer->offset + length, shim, &protocol);
  if (!header || (__u32)(length + header) > outer->length) return FM_TUNNEL_MALFORMED;
  if (protocol != ETH_P_IPV6 && protocol != ETH_P_IP) return FM_TUNNEL_MALFORMED;
  outer->key.protocol = protocol == ETH_P_IP ? FM_PROTOCOL_IPV4 : FM_PROTOCOL_IPV6;
  return length + header;
}

/* A fragment behind the first does not say what it is of; without the first the stack makes nothing of it. */
static __always_inline int fm_outer_udp_length(struct __sk_buff* skb, struct fm_packet* outer,
                                               struct fm_shim* shim) {
  __u32 offset = outer->offset + outer->header;
  __u8 version;
  if (outer->length < outer->header + sizeof(struct fm_udp_header)) return FM_NOT_A_TUNNEL;
  if (outer->fragment & FM_IPV4_FRAGMENT_OFFSET || !fm_is_udp_of_tunnel(skb, offset)) return FM_NOT_A_TUNNEL;
  if (outer->fragment & FM_IPV4_MORE_FRAGMENTS) return FM_TUNNEL_FRAGMENT;
  if (fm_load(skb, outer, offset + sizeof(struct fm_udp_header), &version, 1)) return FM_TUNNEL_MALFORMED;
  shim->flags = FM_SHIM_UDP;
  outer->key.protocol = version >> 4 == 4 ? FM_PROTOCOL_IPV4 : FM_PROTOCOL_IPV6;
  return outer->header + (int)sizeof(struct fm_udp_header);
}

static __always_inline int fm_outer_ipv4_length(struct __sk_buff* skb, struct fm_packet* outer,
                                                struct fm_shim* shim) {
  if (outer->next_header == FM_PROTOCOL_UDP) return fm_outer_udp_length(skb, outer, shim);
  if (!fm_is_tunnel(outer->next_header)) return FM_NOT_A_TUNNEL;
  if (outer->fragment & (FM_IPV4_MORE_FRAGMENTS | FM_IPV4_FRAGMENT_OFFSET)) return FM_TUNNEL_FRAGMENT;
  if (outer->next_header == FM_PROTOCOL_GRE) return fm_outer_gre_length(skb, outer, outer->header, shim);
  return outer->header;
}

/* The length of what stands before the inner packet, whose protocol gets into the key: an IPv6 header,
 * perhaps with the Destination Options header that carries the tunnel encapsulation limit, as Linux's own
 * tunnels send it (RFC 2473 section 4.1.1), and perhaps a GRE header, which gets into `shim`. */
static __always_inline int fm_outer_length(struct __sk_buff* skb, struct fm_packet* outer,
                                           struct fm_shim* shim) {
  __u8 next[8];
  outer->key.protocol = outer->next_header;
  if (outer->ipv4) return fm_outer_ipv4_length(skb, outer, shim);
  if (fm_is_carried(outer->next_header)) return FM_IPV6_HEADER;
  if (outer->next_header == FM_PROTOCOL_GRE) return fm_outer_gre_length(skb, outer, FM_IPV6_HEADER, shim);
  if (outer->next_header != FM_PROTOCOL_DESTINATION_OPTIONS && outer->next_header != FM_PROTOCOL_FRAGMENT)
    return FM_NOT_A_TUNNEL;
  if (fm_load(skb, outer, outer->offset + FM_IPV6_HEADER, next, sizeof(next))) return FM_NOT_A_TUNNEL;
  if (outer->next_header == FM_PROTOCOL_FRAGMENT)
    return fm_is_tunnel(next[0]) || next[0] == FM_PROTOCOL_DESTINATION_OPTIONS ? FM_TUNNEL_FRAGMENT
                                                                               : FM_NOT_A_TUNNEL;
  if (!fm_is_tunnel(next[0]) || next[1] != 0 || next[2] != FM_TUNNEL_ENCAPSULATION_LIMIT || next[3] != 1)
    return FM_NOT_A_TUNNEL;
  if (next[0] == FM_PROTOCOL_GRE) return fm_outer_gre_length(skb, outer, FM_IPV6_HEADER + sizeof(next), shim);
  outer->key.protocol = next[0];
  return FM_IPV6_HEADER + sizeof(next);
}

/* fm_parse_start(), where a program's stack has no room for it. */
static __noinline int fm_parse_start_apart(struct __sk_buff* skb, __u32 offset, bool ipv4,
                                           struct fm_packet* packet) {
  return fm_parse_start(skb, offset, ipv4, packet);
}

/* The inner packet ends where the outer does, or before. */
static __always_inline enum fm_parsed fm_parse_inner(struct __sk_buff* skb, const struct fm_packet* outer,
                                                     __u32 outer_length, struct fm_packet* inner) {
  bool ipv4 = outer->key.protocol == FM_PROTOCOL_IPV4;
  if (outer_length + (ipv4 ? FM_IPV4_HEADER : FM_IPV6_HEADER) > outer->length) return FM_PARSE_MALFORMED;
  enum fm_parsed parsed = outer_length == FM_IPV6_HEADER
                              ? fm_parse_start_apart(skb, ETH_HLEN + FM_IPV6_HEADER, ipv4, inner)
                              : fm_parse_ip(skb, ETH_HLEN + outer_length, ipv4, inner);
  if (parsed != FM_PARSED) return parsed;
  bool is_outside = outer_length + inner->length > outer->length;
  return is_outside || fm_is_of_nobody(inner) ? FM_PARSE_MALFORMED : FM_PARSED;
}

static __always_inline bool fm_wants_ecn_drop(const struct fm_packet* inner, const struct fm_packet* outer) {
  return fm_ecn_after_tunnel(inner->traffic_class, outer->traffic_class) == FM_ECN_DROP;
}

/* The second octet of an IPv6 header: the lower half of the traffic class, the upper of the flow label. */
static __always_inline long fm_set_ecn(struct __sk_buff* skb, const struct fm_packet* inner, int ecn) {
  __u8 octet = (__u8)((inner->traffic_class & 0xc) << 4 | ecn << 4 | (inner->key.flow_label >> 16 & 0xf));
  return bpf_skb_store_bytes(skb, ETH_HLEN + 1, &octet, 1, BPF_F_RECOMPUTE_CSUM);
}

static __always_inline long fm_set_tos(struct __sk_buff* skb, const struct fm_packet* inner, int ecn) {
  __u8 tos = (__u8)((inner->traffic_class & ~FM_ECN_MASK) | ecn);
  __be16 from = bpf_htons((__u16)(0x40 | inner->header / 4) << 8 | inner->traffic_class);
  __be16 to = bpf_htons((__u16)(0x40 | inner->header / 4) << 8 | tos);
  return bpf_l3_csum_replace(skb, ETH_HLEN + 10, from, to, sizeof(to)) ||
         bpf_skb_store_bytes(skb, ETH_HLEN + 1, &tos, 1, 0);
}

/* The packet becomes one of IPv4. Kernels before 6.3 have no flag for that: there a header of IPv6 becomes
 * one of IPv4 first, 20 octets shorter, and then goes. */
static __always_inline long fm_uncover_ipv4(struct __sk_buff* skb, __s32 length) {
  const __u64 uncovered = BPF_F_ADJ_ROOM_FIXED_GSO | FM_DECAP_L3_IPV4;
  long error = bpf_skb_adjust_room(skb, -length, BPF_ADJ_ROOM_MAC, uncovered);
  if (error == -FM_EINVAL) {
    __s32 rest = length - (FM_IPV6_HEADER - FM_IPV4_HEADER);
    error = bpf_skb_change_proto(skb, bpf_htons(ETH_P_IP), 0);
    if (!error) error = bpf_skb_adjust_room(skb, -rest, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO);
  }
  return error ? error : fm_set_ethertype(skb, ETH_P_IP);
}

/* The other way round: 20 octets longer on those kernels. */
static __always_inline long fm_uncover_ipv6(struct __sk_buff* skb, __s32 length) {
  const __u64 uncovered = BPF_F_ADJ_ROOM_FIXED_GSO | FM_DECAP_L3_IPV6;
  long error = bpf_skb_adjust_room(skb, -length, BPF_ADJ_ROOM_MAC, uncovered);
  if (error == -FM_EINVAL) {
    __s32 rest = length + (FM_IPV6_HEADER - FM_IPV4_HEADER);
    error = bpf_skb_change_proto(skb, bpf_htons(ETH_P_IPV6), 0);
    if (!error) error = bpf_skb_adjust_room(skb, -rest, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO);
  }
  return error ? error : fm_set_ethertype(skb, ETH_P_IPV6);
}

static __always_inline long fm_uncover(struct __sk_buff* skb, const struct fm_packet* outer,
                                       const struct fm_packet* inner, __s32 length) {
  if (outer->ipv4 == inner->ipv4)
    return bpf_skb_adjust_room(skb, -length, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO);
  return inner->ipv4 ? fm_uncover_ipv4(skb, length) : fm_uncover_ipv6(skb, length);
}

/* Afterwards the inner packet stands right behind the link-layer header. */
static __always_inline long fm_take_off_outer(struct __sk_buff* skb, const struct fm_packet* outer,
                                              struct fm_packet* inner) {
  int ecn = fm_ecn_after_tunnel(inner->traffic_class, outer->traffic_class);
  __s32 length = (__s32)(inner->offset - outer->offset);
  long error = fm_uncover(skb, outer, inner, length);
  if (!error && ecn != (inner->traffic_class & FM_ECN_MASK))
    error = inner->ipv4 ? fm_set_tos(skb, inner, ecn) : fm_set_ecn(skb, inner, ecn);
  inner->offset = ETH_HLEN;
  return error;
}
