/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What every program starts from: kernel headers, no vmlinux.h, and the little that they lack. */
#pragma once

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>

#include "abi/drop_reasons.h"
#include "abi/types.h"

#define FM_AF_INET 2
#define FM_AF_INET6 10
#define FM_EINVAL 22
#define FM_EALREADY 114

#define FM_PROTOCOL_HOP_BY_HOP 0
#define FM_PROTOCOL_ICMP 1
#define FM_PROTOCOL_IPV4 4
#define FM_PROTOCOL_TCP 6
#define FM_PROTOCOL_UDP 17
#define FM_PROTOCOL_DCCP 33
#define FM_PROTOCOL_IPV6 41
#define FM_PROTOCOL_ROUTING 43
#define FM_PROTOCOL_FRAGMENT 44
#define FM_PROTOCOL_GRE 47
#define FM_PROTOCOL_ESP 50
#define FM_PROTOCOL_AH 51
#define FM_PROTOCOL_ICMPV6 58
#define FM_PROTOCOL_DESTINATION_OPTIONS 60
#define FM_PROTOCOL_SCTP 132
#define FM_PROTOCOL_MOBILITY_HEADER 135
#define FM_PROTOCOL_UDP_LITE 136

#define FM_IPV4_HEADER 20
#define FM_IPV6_HEADER 40
#define FM_MINIMUM_MTU 1280 /* RFC 8200 section 5 */
#define FM_OUTER_HOP_LIMIT 64

/* Not ours: the next classifier, then the stack. */
#define FM_PASS TC_ACT_UNSPEC

/* As on the wire. */
struct fm_ipv6_header {
  __be32 word; /* version, traffic class, flow label */
  __be16 payload_length;
  __u8 next_header;
  __u8 hop_limit;
  struct fm_address source;
  struct fm_address destination;
};
FM_STATIC_ASSERT(sizeof(struct fm_ipv6_header) == FM_IPV6_HEADER, "fm_ipv6_header");

struct fm_ipv4_header {
  __u8 version; /* and the header's length in units of 4 octets */
  __u8 tos;
  __be16 length;
  __be16 identification;
  __be16 fragment; /* flags and offset */
  __u8 ttl;
  __u8 protocol;
  __u16 checksum;
  __be32 source;
  __be32 destination;
};
FM_STATIC_ASSERT(sizeof(struct fm_ipv4_header) == FM_IPV4_HEADER, "fm_ipv4_header");

#define FM_IPV4_DONT_FRAGMENT 0x4000
#define FM_IPV4_MORE_FRAGMENTS 0x2000
#define FM_IPV4_FRAGMENT_OFFSET 0x1fff

/* One less than a length, so that its successor is not zero for the verifier of kernel 6.1 either, which
 * forgets a comparison with zero. The compiler must not see through it. Of 64 bits, which are compared as
 * they are. */
static __always_inline __u64 fm_one_less(__u64 length) {
  __u64 less = length - 1;
  asm volatile("" : "+r"(less));
  return less;
}

static __always_inline struct fm_address_number fm_ipv4_number(__be32 address) {
  struct fm_address_number number = {FM_IPV4_KEY(bpf_ntohl(address)), 0};
  return number;
}

static __always_inline bool fm_is_ipv4_number(const struct fm_address_number* number) {
  return number->high >> 32 == 0xffff && !number->low;
}

static __always_inline __u32 fm_ipv4_of(const struct fm_address_number* number) {
  return (__u32)number->high;
}

static __always_inline struct fm_address_number fm_number(const struct fm_address* address) {
  struct fm_address_number number;
  __builtin_memcpy(&number, address, sizeof(number));
  number.high = bpf_be64_to_cpu(number.high);
  number.low = bpf_be64_to_cpu(number.low);
  return number;
}

static __always_inline struct fm_address fm_octets(const struct fm_address_number* number) {
  __be64 halves[2] = {bpf_cpu_to_be64(number->high), bpf_cpu_to_be64(number->low)};
  struct fm_address address;
  __builtin_memcpy(&address, halves, sizeof(address));
  return address;
}

static __always_inline bool fm_is_ipv4_address(const struct fm_address* address) {
  struct fm_address_number number = fm_number(address);
  return fm_is_ipv4_number(&number);
}

static __always_inline bool fm_same_address(const struct fm_address* a, const struct fm_address_number* b) {
  struct fm_address_number number = fm_number(a);
  return number.high == b->high && number.low == b->low;
}

static __always_inline bool fm_is_link_local(const struct fm_address_number* address) {
  return address->high >> 54 == 0xfe80 >> 6;
}

static __always_inline bool fm_is_multicast(const struct fm_address_number* address) {
  return address->high >> 56 == 0xff;
}

static __always_inline bool fm_is_unspecified(const struct fm_address_number* address) {
  return !address->high && !address->low;
}

#define FM_VLAN_ID 0xfff

static __always_inline bool fm_has_priority_tag(const struct __sk_buff* skb) {
  return skb->vlan_present && !(skb->vlan_tci & FM_VLAN_ID);
}

/* A tag of VLAN 0 has a priority and names no VLAN (IEEE 802.1Q section 6.9): behind us the kernel takes it
 * off and hands what it hides to the stack, and so do we, before we look. False: there is another one below.
 */
static __always_inline bool fm_take_off_priority_tag(struct __sk_buff* skb) {
  return !fm_has_priority_tag(skb) || (!bpf_skb_vlan_pop(skb) && !fm_has_priority_tag(skb));
}

static __always_inline long fm_set_ethertype(struct __sk_buff* skb, __u16 type) {
  __be16 field = bpf_htons(type);
  return bpf_skb_store_bytes(skb, 12, &field, sizeof(field), 0);
}

/* What may get into this interface's stack. Other tags are a VLAN interface's, or the kernel discards them
 * where there is none; others' frames it discards as well. */
static __always_inline bool fm_is_ipv6_for_stack(const struct __sk_buff* skb) {
  return skb->protocol == bpf_htons(ETH_P_IPV6) && !skb->vlan_present && skb->pkt_type != PACKET_OTHERHOST;
}

static __always_inline bool fm_is_ipv4_for_stack(const struct __sk_buff* skb) {
  return skb->protocol == bpf_htons(ETH_P_IP) && !skb->vlan_present && skb->pkt_type != PACKET_OTHERHOST;
}

static __always_inline bool fm_is_ip_for_us(const struct __sk_buff* skb) {
  return (fm_is_ipv6_for_stack(skb) || fm_is_ipv4_for_stack(skb)) && skb->pkt_type == PACKET_HOST;
}

/* A frame that a router may take. */
static __always_inline bool fm_is_ipv6_for_us(const struct __sk_buff* skb) {
  return fm_is_ipv6_for_stack(skb) && skb->pkt_type == PACKET_HOST;
}
