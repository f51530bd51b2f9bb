/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Neighbor Discovery (RFC 4861) as far as the virtual interface must understand it. */
#pragma once

#include "packet.h"

#define FM_ND_ROUTER_SOLICITATION 133
#define FM_ND_ROUTER_ADVERTISEMENT 134
#define FM_ND_NEIGHBOR_SOLICITATION 135
#define FM_ND_NEIGHBOR_ADVERTISEMENT 136
#define FM_ND_REDIRECT 137

#define FM_ND_SOURCE_ADDRESS 1
#define FM_ND_TARGET_ADDRESS 2

struct fm_neighbor_message {
  __u8 type;
  __u8 code;
  __be16 checksum;
  __u32 flags;
  struct fm_address target; /* solicitations and advertisements of neighbours */
};

struct fm_nd_link_address {
  __u8 type;
  __u8 length; /* in 8 octets */
  struct fm_mac mac;
};

static __always_inline __u8 fm_nd_type(struct __sk_buff* skb, const struct fm_packet* packet) {
  __u8 type = 0;
  if (packet->key.protocol != FM_PROTOCOL_ICMPV6 || !packet->upper || packet->hop_limit != 255) return 0;
  if (bpf_skb_load_bytes(skb, packet->upper, &type, 1)) return 0;
  return type >= FM_ND_ROUTER_SOLICITATION && type <= FM_ND_REDIRECT ? type : 0;
}

/* RFC 3810, RFC 2710. */
#define FM_MLD_QUERY 130
#define FM_MLD_DONE 132
#define FM_MLD_REPORT 143

/* The type of an ICMPv6 message to a group; zero: it is none. */
static __always_inline __u8 fm_group_message(struct __sk_buff* skb, const struct fm_packet* packet) {
  __u8 type = 0;
  if (packet->ipv4 || !fm_is_multicast(&packet->key.destination)) return 0;
  if (packet->key.protocol != FM_PROTOCOL_ICMPV6 || !packet->upper) return 0;
  return bpf_skb_load_bytes(skb, packet->upper, &type, 1) ? 0 : type;
}

/* What every link has to hear: questions about neighbours and words about groups. */
static __always_inline bool fm_is_for_all_links(struct __sk_buff* skb, const struct fm_packet* packet,
                                                __u8 nd_type) {
  __u8 type = fm_group_message(skb, packet);
  return type && (nd_type || (type >= FM_MLD_QUERY && type <= FM_MLD_DONE) || type == FM_MLD_REPORT);
}

/* Of groups the virtual interface has its own, as members that are no ports have theirs. */
static __always_inline bool fm_is_group_query(struct __sk_buff* skb, const struct fm_packet* packet) {
  return fm_group_message(skb, packet) == FM_MLD_QUERY;
}

/* Where the options start. */
static __always_inline __u32 fm_nd_options(const struct fm_packet* packet, __u8 type) {
  if (type == FM_ND_ROUTER_SOLICITATION) return packet->upper + 8;
  return packet->upper + sizeof(struct fm_neighbor_message);
}

/* Whether there is a link-layer address option, as the first and the last one, as in all that the stack says.
 */
static __always_inline bool fm_nd_only_link_address(struct __sk_buff* skb, const struct fm_packet* packet,
                                                    __u8 type, struct fm_nd_link_address* option) {
  __u32 position = fm_nd_options(packet, type);
  if (bpf_skb_load_bytes(skb, position, option, sizeof(*option)) || option->length != 1) return false;
  if (option->type != FM_ND_SOURCE_ADDRESS && option->type != FM_ND_TARGET_ADDRESS) return false;
  return position + sizeof(*option) == packet->offset + packet->length;
}

/* Of a message that is `length` long behind the IPv6 header with the option. */
static __always_inline void fm_nd_mend(struct __sk_buff* skb, const struct fm_packet* packet, __u32 length,
                                       const struct fm_nd_link_address* option, bool is_cut) {
  __u32 shorter = length - sizeof(*option);
  __be16 payload = bpf_htons((__u16)(is_cut ? shorter : length));
  __be32 with[3] = {bpf_htonl(length), 0, 0}; /* the pseudo header's, and the option */
  __be32 without[3] = {bpf_htonl(shorter), 0, 0};
  __builtin_memcpy(&with[1], option, sizeof(*option));
  __s64 change = is_cut ? bpf_csum_diff(with, sizeof(with), without, sizeof(without), 0)
                        : bpf_csum_diff(without, sizeof(without), with, sizeof(with), 0);
  bpf_skb_store_bytes(skb, packet->offset + 4, &payload, sizeof(payload), 0);
  bpf_l4_csum_replace(skb, packet->upper + 2, 0, change, 0);
}

/* On links without addresses there is no such option (RFC 4861 sections 4.3 and 4.4): the stack's is cut
 * off. False: there was none. */
static __always_inline bool fm_nd_leave_out_link_address(struct __sk_buff* skb,
                                                         const struct fm_packet* packet, __u8 type,
                                                         struct fm_nd_link_address* option) {
  if (!fm_nd_only_link_address(skb, packet, type, option)) return false;
  if (bpf_skb_change_tail(skb, fm_nd_options(packet, type), 0)) return false;
  fm_nd_mend(skb, packet, packet->length - FM_IPV6_HEADER, option, true);
  return true;
}

/* As it was, for the links that have addresses. */
static __always_inline void fm_nd_put_back_link_address(struct __sk_buff* skb, const struct fm_packet* packet,
                                                        __u8 type, const struct fm_nd_link_address* option) {
  __u32 position = fm_nd_options(packet, type);
  if (bpf_skb_change_tail(skb, position + sizeof(*option), 0)) return;
  if (bpf_skb_store_bytes(skb, position, option, sizeof(*option), 0)) return;
  fm_nd_mend(skb, packet, packet->length - FM_IPV6_HEADER, option, false);
}

/* Puts `mac` into the first link-layer address option and mends the checksum. The stack writes that option
 * first; what it did not write stays as it is. */
static __always_inline void fm_nd_rewrite_link_address(struct __sk_buff* skb, const struct fm_packet* packet,
                                                       __u8 type, const struct fm_mac* mac) {
  __u32 position = fm_nd_options(packet, type);
  struct fm_nd_link_address old, new;
  if (bpf_skb_load_bytes(skb, position, &old, sizeof(old)) || old.length != 1) return;
  if (old.type != FM_ND_SOURCE_ADDRESS && old.type != FM_ND_TARGET_ADDRESS) return;
  new = old;
  new.mac = *mac;
  __s64 change = bpf_csum_diff((__be32*)&old, sizeof(old), (__be32*)&new, sizeof(new), 0);
  if (bpf_skb_store_bytes(skb, position, &new, sizeof(new), 0)) return;
  bpf_l4_csum_replace(skb, packet->upper + 2, 0, change, 0);
}
