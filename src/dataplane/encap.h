/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* IPv6 in IPv6 (RFC 2473) towards the tunnel's other end. */
#pragma once

#include "counters.h"
#include "icmp_too_big.h"
#include "packet.h"

struct fm_tunnel {
  struct fm_address local;
  struct fm_address remote;
  __u32 mtu;
  bool forwarded; /* false: the packet comes out of our own stack, which has counted the hop */
  bool entered;   /* set once the packet is in it: an answer to its sender is a redirection as well */
};

/* What the packet will be on the wire: a GSO packet is cut into segments later. */
static __always_inline __u32 fm_segment_length(const struct __sk_buff* skb, const struct fm_packet* packet) {
  __u32 segment = packet->headers + skb->gso_size;
  return packet->headers && segment < packet->length ? segment : packet->length;
}

/* The same for all packets of a flow, and different flows spread (RFC 6438 section 3). */
static __always_inline __u32 fm_outer_flow_label(const struct fm_flow_key* key) {
  __u64 hash =
      key->source.high ^ (key->destination.high << 1) ^ (key->source.low << 2) ^ (key->destination.low << 3);
  hash ^= (__u64)key->protocol << 56 ^ (__u64)key->spi << 24 ^ (__u64)key->source_port << 16 ^
          key->destination_port;
  hash *= 0x9e3779b97f4a7c15ULL;
  hash ^= hash >> 32;
  hash *= 0xbf58476d1ce4e5b9ULL;
  __u32 label = (__u32)(hash >> 44);
  return label ? label : 1;
}

static __always_inline struct fm_ipv6_header fm_outer_header(const struct fm_packet* packet,
                                                             const struct fm_tunnel* tunnel) {
  __u32 word = 6u << 28 | (__u32)packet->traffic_class << 20 | fm_outer_flow_label(&packet->key);
  struct fm_ipv6_header header = {
      .word = bpf_htonl(word),
      .payload_length = packet->length > 0xffff ? 0 : bpf_htons((__u16)packet->length),
      .next_header = FM_PROTOCOL_IPV6,
      .hop_limit = FM_OUTER_HOP_LIMIT,
      .source = tunnel->local,
      .destination = tunnel->remote};
  return header;
}

/* With the flags that let a GSO packet be segmented inside its tunnel. A packet that was in a tunnel before
 * and came out of it on this host still has that state, which then is right again. */
static __always_inline long fm_add_room(struct __sk_buff* skb) {
  const __u64 encapsulated = BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_ENCAP_L3_IPV6;
  long error = bpf_skb_adjust_room(skb, FM_IPV6_HEADER, BPF_ADJ_ROOM_MAC, encapsulated);
  if (error == -FM_EALREADY)
    error = bpf_skb_adjust_room(skb, FM_IPV6_HEADER, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO);
  return error;
}

static __always_inline long fm_set_hop_limit(struct __sk_buff* skb, __u32 header_offset, __u8 hop_limit) {
  return bpf_skb_store_bytes(skb, header_offset + 7, &hop_limit, 1, BPF_F_RECOMPUTE_CSUM);
}

static __always_inline long fm_find_route(struct __sk_buff* skb, const struct fm_tunnel* tunnel, __u32 length,
                                          struct bpf_fib_lookup* route) {
  route->family = FM_AF_INET6;
  route->l4_protocol = FM_PROTOCOL_IPV6;
  route->tot_len = (__u16)length;
  route->ifindex = skb->ifindex;
  __builtin_memcpy(route->ipv6_src, &tunnel->local, sizeof(tunnel->local));
  __builtin_memcpy(route->ipv6_dst, &tunnel->remote, sizeof(tunnel->remote));
  return bpf_fib_lookup(skb, route, sizeof(*route), 0);
}

/* bpf_redirect_neigh, not the addresses that the lookup found: only then is the neighbour ever probed again.
 */
static __always_inline int fm_send_to_next_hop(const struct bpf_fib_lookup* route) {
  struct bpf_redir_neigh next_hop = {.nh_family = FM_AF_INET6};
  __builtin_memcpy(next_hop.ipv6_nh, route->ipv6_dst, sizeof(next_hop.ipv6_nh));
  return (int)bpf_redirect_neigh(route->ifindex, &next_hop, sizeof(next_hop), 0);
}

static __always_inline int fm_too_big(struct __sk_buff* skb, const struct fm_packet* packet,
                                      const struct fm_tunnel* tunnel, __u32 mtu) {
  return fm_answer_too_big(skb, packet, &tunnel->local, mtu > FM_MINIMUM_MTU ? mtu : FM_MINIMUM_MTU,
                           tunnel->forwarded ? 0 : BPF_F_INGRESS);
}

/* `packet` starts right behind the link-layer header. Returns the verdict. */
static __noinline int fm_send_through_tunnel(struct __sk_buff* skb, const struct fm_packet* packet,
                                             struct fm_tunnel* tunnel) {
  struct bpf_fib_lookup route = {};
  __u32 segment = fm_segment_length(skb, packet);
  if (segment > FM_MINIMUM_MTU && segment > tunnel->mtu) return fm_too_big(skb, packet, tunnel, tunnel->mtu);

  long found = fm_find_route(skb, tunnel, segment + FM_IPV6_HEADER, &route);
  if (found == BPF_FIB_LKUP_RET_FRAG_NEEDED) {
    if (segment <= FM_MINIMUM_MTU) return fm_drop(skb, FM_DROP_TUNNEL_TOO_SMALL);
    return fm_too_big(skb, packet, tunnel, route.mtu_result - FM_IPV6_HEADER);
  }
  if (found != BPF_FIB_LKUP_RET_SUCCESS && found != BPF_FIB_LKUP_RET_NO_NEIGH)
    return fm_drop(skb, FM_DROP_NO_ROUTE);

  struct fm_ipv6_header outer = fm_outer_header(packet, tunnel);
  if ((tunnel->forwarded && fm_set_hop_limit(skb, packet->offset, packet->hop_limit - 1)) ||
      fm_add_room(skb) || bpf_skb_store_bytes(skb, ETH_HLEN, &outer, sizeof(outer), BPF_F_RECOMPUTE_CSUM))
    return fm_drop(skb, FM_DROP_ENCAPSULATION);
  tunnel->entered = true;
  return fm_send_to_next_hop(&route);
}
