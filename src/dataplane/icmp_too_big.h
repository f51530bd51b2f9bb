/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Turns a packet that does not fit into the Packet Too Big that answers it (RFC 4443 section 3.2). */
#pragma once

#include "budget.h"
#include "counters.h"
#include "packet.h"

#define FM_ICMP_TOO_BIG 2
#define FM_ICMP_FIRST_INFORMATIONAL 128

/* As much of the packet as an answer of 1280 octets holds. What is too big for a tunnel is always longer. */
#define FM_QUOTED (FM_MINIMUM_MTU - FM_IPV6_HEADER - 8)
#define FM_ICMP_LENGTH (8 + FM_QUOTED)

struct fm_icmp_too_big {
  __u8 type;
  __u8 code;
  __u16 checksum;
  __be32 mtu;
};

struct fm_pseudo_header {
  struct fm_address source;
  struct fm_address destination;
  __be32 length;
  __be32 next_header;
};

/* When this CPU's next answer is due if it sends at the full rate. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} icmp_budget SEC(".maps");

/* Answers are limited in rate (RFC 4443 section 2.4 (f)). */
static __always_inline bool fm_icmp_within_budget(void) {
  __u32 row = 0;
  return fm_spend(bpf_map_lookup_elem(&icmp_budget, &row));
}

/* RFC 4443 section 2.4 (e): no answer to an error, nor to whom one cannot answer. */
static __always_inline bool fm_may_answer(struct __sk_buff* skb, const struct fm_packet* packet) {
  __u8 type = FM_ICMP_FIRST_INFORMATIONAL;
  const struct fm_address_number* source = &packet->key.source;
  if (fm_is_unspecified(source) || fm_is_multicast(source) || fm_is_link_local(source)) return false;
  if (packet->key.protocol == FM_PROTOCOL_ICMPV6 && packet->upper)
    fm_load(skb, packet, packet->upper, &type, 1);
  return type >= FM_ICMP_FIRST_INFORMATIONAL && fm_icmp_within_budget();
}

static __always_inline __u16 fm_fold(__u64 sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return (__u16)sum;
}

static __always_inline __u32 fm_sum_pseudo_header(const struct fm_address* source,
                                                  const struct fm_address* destination, __u32 length,
                                                  __u8 next_header) {
  struct fm_pseudo_header pseudo = {*source, *destination, bpf_htonl(length), bpf_htonl(next_header)};
  return (__u32)bpf_csum_diff(NULL, 0, (__be32*)&pseudo, sizeof(pseudo), 0);
}

/* Where in the upper-layer header TCP and UDP have their checksum; zero for others. */
static __always_inline __u32 fm_checksum_position(__u8 protocol) {
  if (protocol == FM_PROTOCOL_TCP) return 16;
  return protocol == FM_PROTOCOL_UDP ? 6 : 0;
}

/* The checksum field of a packet whose checksum is still to be completed by the device that sends it: it then
 * holds the sum of the pseudo header. Zero: complete. There is no other way to see it from here, and the
 * device will complete it inside the quotation, after we computed the checksum over that. */
static __always_inline __u16 fm_partial_checksum(struct __sk_buff* skb, const struct fm_packet* packet) {
  __u32 position = fm_checksum_position(packet->key.protocol);
  struct fm_address source = fm_octets(&packet->key.source);
  struct fm_address destination = fm_octets(&packet->key.destination);
  __u32 length = packet->length - (packet->upper - packet->offset);
  __u16 field;
  if (!position || !packet->upper || bpf_skb_load_bytes(skb, packet->upper + position, &field, sizeof(field)))
    return 0;
  __u16 pseudo = fm_fold(fm_sum_pseudo_header(&source, &destination, length, packet->key.protocol));
  return field == pseudo ? field : 0;
}

/* Sums the message that starts at `icmp`. The completed checksum makes all from the upper-layer header on sum
 * up to the negative of what the field holds now. */
static __always_inline __u16 fm_checksum_too_big(void* icmp, __u32 sum, __u32 quoted_headers, __u16 partial) {
  if (partial) {
    sum = (__u32)bpf_csum_diff(NULL, 0, icmp, (8 + quoted_headers) & 0x1fc, sum);
    return (__u16)~fm_fold((__u64)sum + (__u16)~partial);
  }
  sum = (__u32)bpf_csum_diff(NULL, 0, icmp, 512, sum);
  sum = (__u32)bpf_csum_diff(NULL, 0, icmp + 512, 512, sum);
  sum = (__u32)bpf_csum_diff(NULL, 0, icmp + 1024, FM_ICMP_LENGTH - 1024, sum);
  return (__u16)~fm_fold(sum);
}

static __always_inline int fm_swap_link_addresses(struct __sk_buff* skb) {
  __u8 addresses[12], swapped[12];
  if (bpf_skb_load_bytes(skb, 0, addresses, sizeof(addresses))) return -1;
  __builtin_memcpy(swapped, addresses + 6, 6);
  __builtin_memcpy(swapped + 6, addresses, 6);
  return (int)bpf_skb_store_bytes(skb, 0, swapped, sizeof(swapped), 0);
}

static __always_inline int fm_write_too_big(struct __sk_buff* skb, const struct fm_packet* packet,
                                            const struct fm_address* from, __u32 mtu, __u16 partial) {
  struct fm_ipv6_header header = {.word = bpf_htonl(0x60000000),
                                  .payload_length = bpf_htons(FM_ICMP_LENGTH),
                                  .next_header = FM_PROTOCOL_ICMPV6,
                                  .hop_limit = FM_OUTER_HOP_LIMIT,
                                  .source = *from,
                                  .destination = fm_octets(&packet->key.source)};
  struct fm_icmp_too_big icmp = {FM_ICMP_TOO_BIG, 0, 0, bpf_htonl(mtu)};
  __u32 sum = fm_sum_pseudo_header(from, &header.destination, FM_ICMP_LENGTH, FM_PROTOCOL_ICMPV6);

  if (bpf_skb_store_bytes(skb, ETH_HLEN, &header, sizeof(header), 0) ||
      bpf_skb_store_bytes(skb, ETH_HLEN + sizeof(header), &icmp, sizeof(icmp), 0) ||
      bpf_skb_pull_data(skb, ETH_HLEN + FM_MINIMUM_MTU))
    return -1;
  void* start = (void*)(long)skb->data + ETH_HLEN + FM_IPV6_HEADER;
  if (start + FM_ICMP_LENGTH > (void*)(long)skb->data_end) return -1;
  icmp.checksum = fm_checksum_too_big(start, sum, packet->upper - packet->offset, partial);
  return (int)bpf_skb_store_bytes(skb, ETH_HLEN + sizeof(header) + 2, &icmp.checksum, sizeof(icmp.checksum),
                                  0);
}

/* Counts the packet by whether it is answered, which it says. Not where the answer is made: there the stack
 * is full. */
static __noinline int fm_begin_answer(struct __sk_buff* skb, const struct fm_packet* packet) {
  bool may = packet && fm_may_answer(skb, packet);
  fm_count_drop(skb, may ? FM_DROP_TOO_BIG : FM_DROP_TOO_BIG_SILENT);
  return may;
}

static __noinline int fm_become_too_big(struct __sk_buff* skb, const struct fm_packet* packet,
                                        const struct fm_address* from, __u32 mtu, __u32 redirect_flags) {
  __u16 partial = fm_partial_checksum(skb, packet);
  if (bpf_skb_change_tail(skb, ETH_HLEN + FM_QUOTED, 0) ||
      bpf_skb_adjust_room(skb, FM_IPV6_HEADER + 8, BPF_ADJ_ROOM_MAC, 0) ||
      fm_write_too_big(skb, packet, from, mtu, partial) || fm_swap_link_addresses(skb))
    return TC_ACT_SHOT;
  return (int)bpf_redirect(skb->ifindex, redirect_flags);
}

/* `packet` starts right behind the link-layer header. The answer goes back the way the packet came: for
 * packets of our own stack that is up, with BPF_F_INGRESS. */
static __always_inline int fm_answer_too_big(struct __sk_buff* skb, const struct fm_packet* packet,
                                             const struct fm_address* from, __u32 mtu, __u32 redirect_flags) {
  if (!fm_begin_answer(skb, packet)) return TC_ACT_SHOT;
  return fm_become_too_big(skb, packet, from, mtu, redirect_flags);
}
