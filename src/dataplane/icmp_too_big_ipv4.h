/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The same for IPv4: Destination Unreachable, fragmentation needed (RFC 1191 section 4). */
#pragma once

#include "icmp_too_big.h"

#define FM_ICMP_UNREACHABLE 3
#define FM_ICMP_FRAGMENTATION_NEEDED 4

/* Of the packet's payload; more than a TCP header whose checksum is still open. */
#define FM_QUOTED_IPV4 64

struct fm_icmp_fragmentation_needed {
  __u8 type;
  __u8 code;
  __u16 checksum;
  __be16 unused;
  __be16 mtu;
};

struct fm_pseudo_header_ipv4 {
  __be32 source;
  __be32 destination;
  __be16 protocol;
  __be16 length;
};

/* RFC 1122 section 3.2.2: no answer to an error or a later fragment, nor to whom one cannot answer; and only
 * where the sender wants to know. */
static __always_inline bool fm_may_answer_ipv4(struct __sk_buff* skb, const struct fm_packet* packet) {
  __u8 type = 8;
  __u32 source = fm_ipv4_of(&packet->key.source);
  if (!(packet->fragment & FM_IPV4_DONT_FRAGMENT) || (packet->fragment & FM_IPV4_FRAGMENT_OFFSET))
    return false;
  if (!source || source >> 28 >= 0xe || source >> 24 == 127) return false;
  if (packet->next_header == FM_PROTOCOL_ICMP && packet->upper) fm_load(skb, packet, packet->upper, &type, 1);
  return (type == 0 || type == 8 || type > 12) && fm_icmp_within_budget();
}

/* As fm_partial_checksum(). */
static __always_inline __u16 fm_partial_checksum_ipv4(struct __sk_buff* skb, const struct fm_packet* packet) {
  __u32 position = fm_checksum_position(packet->next_header);
  struct fm_pseudo_header_ipv4 pseudo = {
      bpf_htonl(fm_ipv4_of(&packet->key.source)), bpf_htonl(fm_ipv4_of(&packet->key.destination)),
      bpf_htons(packet->next_header), bpf_htons((__u16)(packet->length - packet->header))};
  __u16 field;
  if (!position || !packet->upper || bpf_skb_load_bytes(skb, packet->upper + position, &field, sizeof(field)))
    return 0;
  __u16 sum = fm_fold((__u32)bpf_csum_diff(NULL, 0, (__be32*)&pseudo, sizeof(pseudo), 0));
  return field == sum ? field : 0;
}

static __always_inline struct fm_ipv4_header fm_ipv4_answer(const struct fm_packet* packet, __be32 from,
                                                            __u32 length) {
  struct fm_ipv4_header header = {.version = 0x45,
                                  .length = bpf_htons((__u16)length),
                                  .ttl = FM_OUTER_HOP_LIMIT,
                                  .protocol = FM_PROTOCOL_ICMP,
                                  .source = from,
                                  .destination = bpf_htonl(fm_ipv4_of(&packet->key.source))};
  header.checksum = (__u16)~fm_fold((__u32)bpf_csum_diff(NULL, 0, (__be32*)&header, sizeof(header), 0));
  return header;
}

/* The quotation without options, which nobody sends: a header of 20 octets. */
static __always_inline int fm_write_too_big_ipv4(struct __sk_buff* skb, const struct fm_packet* packet,
                                                 __be32 from, __u32 mtu, __u16 partial) {
  struct fm_icmp_fragmentation_needed icmp = {FM_ICMP_UNREACHABLE, FM_ICMP_FRAGMENTATION_NEEDED, 0, 0,
                                              bpf_htons((__u16)mtu)};
  struct fm_ipv4_header header =
      fm_ipv4_answer(packet, from, FM_IPV4_HEADER + sizeof(icmp) + FM_IPV4_HEADER + FM_QUOTED_IPV4);
  if (bpf_skb_pull_data(skb, ETH_HLEN + sizeof(header) + sizeof(icmp) + FM_IPV4_HEADER + FM_QUOTED_IPV4))
    return -1;
  __be32* quoted = (void*)(long)skb->data + ETH_HLEN + sizeof(header) + sizeof(icmp);
  if ((void*)quoted + FM_IPV4_HEADER + FM_QUOTED_IPV4 > (void*)(long)skb->data_end) return -1;
  __u64 sum = (__u32)bpf_csum_diff(NULL, 0, (__be32*)&icmp, sizeof(icmp), 0);
  if (partial)
    sum = (__u64)(__u32)bpf_csum_diff(NULL, 0, quoted, FM_IPV4_HEADER, (__u32)sum) + (__u16)~partial;
  else
    sum = (__u32)bpf_csum_diff(NULL, 0, quoted, FM_IPV4_HEADER + FM_QUOTED_IPV4, (__u32)sum);
  icmp.checksum = (__u16)~fm_fold(sum);
  return (int)(bpf_skb_store_bytes(skb, ETH_HLEN, &header, sizeof(header), 0) ||
               bpf_skb_store_bytes(skb, ETH_HLEN + sizeof(header), &icmp, sizeof(icmp), 0));
}

/* As fm_begin_answer(). */
static __noinline int fm_begin_answer_ipv4(struct __sk_buff* skb, const struct fm_packet* packet) {
  bool may = packet && packet->header == FM_IPV4_HEADER && fm_may_answer_ipv4(skb, packet);
  fm_count_drop(skb, may ? FM_DROP_TOO_BIG : FM_DROP_TOO_BIG_SILENT);
  return may;
}

static __noinline int fm_become_too_big_ipv4(struct __sk_buff* skb, const struct fm_packet* packet,
                                             __be32 from, __u32 mtu) {
  __u16 partial = fm_partial_checksum_ipv4(skb, packet);
  if (bpf_skb_change_tail(skb, ETH_HLEN + FM_IPV4_HEADER + FM_QUOTED_IPV4, 0) ||
      bpf_skb_adjust_room(skb, FM_IPV4_HEADER + sizeof(struct fm_icmp_fragmentation_needed), BPF_ADJ_ROOM_MAC,
                          0) ||
      fm_write_too_big_ipv4(skb, packet, from, mtu, partial) || fm_swap_link_addresses(skb))
    return TC_ACT_SHOT;
  return (int)bpf_redirect(skb->ifindex, 0);
}

/* `packet` starts right behind the link-layer header. The answer goes back the way the packet came. */
static __always_inline int fm_answer_too_big_ipv4(struct __sk_buff* skb, const struct fm_packet* packet,
                                                  __be32 from, __u32 mtu) {
  if (!fm_begin_answer_ipv4(skb, packet)) return TC_ACT_SHOT;
  return fm_become_too_big_ipv4(skb, packet, from, mtu);
}
