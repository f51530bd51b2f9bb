/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* IPv6 or IPv4 in IPv6 (RFC 2473, RFC 5844 section 3.1.3) or in IPv4 (RFC 4213, RFC 5844 section 4.1.4)
 * towards the tunnel's other end, perhaps with a header between them (RFC 5845, RFC 5844 section 4). */
#pragma once

#include "counters.h"
#include "flow_hash.h"
#include "icmp_too_big.h"
#include "icmp_too_big_ipv4.h"
#include "packet.h"
#include "recent_routes.h"
#include "shim.h"

struct fm_tunnel {
  struct fm_address local;
  struct fm_address remote;
  struct fm_address ipv6_router; /* who answers IPv6 packets that are too big */
  __u32 mtu;
  __u32 ipv4_router; /* who answers IPv4 packets that are too big; zero: the stack does */
  struct fm_shim shim;
  bool forwarded; /* false: the packet comes out of our own stack, which has counted the hop */
  bool silent;    /* what is too big is dropped without an answer */
  bool entered;   /* set once the packet is in it: an answer to its sender is a redirection as well */
  bool may_be_cut_outside; /* set where the path is said to carry less than IPv6 needs */
  __u32 cut_to; /* set for a packet that is neither sent nor dropped, but to be cut so that it fits */
};

/* What the packet will be on the wire: a GSO packet is cut into segments later. */
static __always_inline __u32 fm_segment_length(const struct __sk_buff* skb, const struct fm_packet* packet) {
  __u32 segment = packet->headers + skb->gso_size;
  return packet->headers && segment < packet->length ? segment : packet->length;
}

/* The same for all packets of a flow, and different flows spread (RFC 6438 section 3). */
static __always_inline __u32 fm_outer_flow_label(const struct fm_flow_key* key) {
  __u32 label = (__u32)(fm_flow_hash(key) >> 44);
  return label ? label : 1;
}

static __always_inline __u8 fm_next_to_outer(const struct fm_packet* packet, const struct fm_tunnel* tunnel) {
  if (tunnel->shim.flags & FM_SHIM_UDP) return FM_PROTOCOL_UDP;
  if (tunnel->shim.flags) return FM_PROTOCOL_GRE;
  return packet->ipv4 ? FM_PROTOCOL_IPV4 : FM_PROTOCOL_IPV6;
}

static __always_inline struct fm_ipv6_header fm_outer_header(const struct fm_packet* packet,
                                                             const struct fm_tunnel* tunnel) {
  __u32 word = 6u << 28 | (__u32)packet->traffic_class << 20 | fm_outer_flow_label(&packet->key);
  __u32 length = packet->length + fm_shim_length(tunnel->shim.flags);
  struct fm_ipv6_header header = {.word = bpf_htonl(word),
                                  .payload_length = length > 0xffff ? 0 : bpf_htons((__u16)length),
                                  .next_header = fm_next_to_outer(packet, tunnel),
                                  .hop_limit = FM_OUTER_HOP_LIMIT,
                                  .source = tunnel->local,
                                  .destination = tunnel->remote};
  return header;
}

/* The path's MTU is what the tunnel's was made from: nobody cuts on the way, but where the path is said to
 * carry less than IPv6 needs (RFC 4213 section 3.2.2). */
static __always_inline struct fm_ipv4_header fm_outer_ipv4_header(const struct fm_packet* packet,
                                                                  const struct fm_tunnel* tunnel) {
  struct fm_address_number local = fm_number(&tunnel->local), remote = fm_number(&tunnel->remote);
  __u32 length = packet->length + FM_IPV4_HEADER + fm_shim_length(tunnel->shim.flags);
  __u16 number = tunnel->may_be_cut_outside ? (__u16)bpf_get_prandom_u32() : 0;
  __u16 flags = tunnel->may_be_cut_outside ? 0 : FM_IPV4_DONT_FRAGMENT;
  struct fm_ipv4_header header = {.version = 0x45,
                                  .tos = packet->traffic_class,
                                  .length = length > 0xffff ? 0 : bpf_htons((__u16)length),
                                  .identification = number,
                                  .fragment = bpf_htons(flags),
                                  .ttl = FM_OUTER_HOP_LIMIT,
                                  .protocol = fm_next_to_outer(packet, tunnel),
                                  .source = bpf_htonl(fm_ipv4_of(&local)),
                                  .destination = bpf_htonl(fm_ipv4_of(&remote))};
  header.checksum = (__u16)~fm_fold((__u32)bpf_csum_diff(NULL, 0, (__be32*)&header, sizeof(header), 0));
  return header;
}

static __always_inline __u64 fm_shim_room(__u32 shim) {
  if (shim & FM_SHIM_UDP) return BPF_F_ADJ_ROOM_ENCAP_L4_UDP;
  return shim ? BPF_F_ADJ_ROOM_ENCAP_L4_GRE : 0;
}

/* With the flags that let a GSO packet be segmented inside its tunnel. A packet that was in a tunnel before
 * and came out of it on this host still has that state, which then is right again. */
static __always_inline long fm_add_room(struct __sk_buff* skb, bool ipv4, __u32 shim) {
  __u64 encapsulated = BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_ENCAP_L3_IPV6 | fm_shim_room(shim);
  __s32 room = FM_IPV6_HEADER + (__s32)fm_shim_length(shim);
  long error = bpf_skb_adjust_room(skb, room, BPF_ADJ_ROOM_MAC, encapsulated);
  if (error == -FM_EALREADY) {
    // The packet has to become one of IPv6, which makes room for the difference of the headers.
    if (ipv4 && bpf_skb_change_proto(skb, bpf_htons(ETH_P_IPV6), 0)) return -1;
    if (ipv4) room -= FM_IPV6_HEADER - FM_IPV4_HEADER;
    error = bpf_skb_adjust_room(skb, room, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO);
  }
  return error || !ipv4 ? error : fm_set_ethertype(skb, ETH_P_IPV6);
}

static __always_inline long fm_add_room_ipv4(struct __sk_buff* skb, bool ipv4, __u32 shim) {
  __u64 encapsulated = BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | fm_shim_room(shim);
  __s32 room = FM_IPV4_HEADER + (__s32)fm_shim_length(shim);
  long error = bpf_skb_adjust_room(skb, room, BPF_ADJ_ROOM_MAC, encapsulated);
  if (error == -FM_EALREADY) {
    if (!ipv4 && bpf_skb_change_proto(skb, bpf_htons(ETH_P_IP), 0)) return -1;
    if (!ipv4) room += FM_IPV6_HEADER - FM_IPV4_HEADER;
    error = bpf_skb_adjust_room(skb, room, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO);
  }
  return error || ipv4 ? error : fm_set_ethertype(skb, ETH_P_IP);
}

/* Behind the outer header, if there is one. */
static __always_inline long fm_cover_shim(struct __sk_buff* skb, const struct fm_packet* packet,
                                          const struct fm_tunnel* tunnel, __u32 offset) {
  if (!tunnel->shim.flags) return 0;
  if (tunnel->shim.flags & FM_SHIM_UDP) return fm_write_udp(skb, offset, packet->length);
  return fm_write_gre(skb, offset, &tunnel->shim, packet->ipv4 ? ETH_P_IP : ETH_P_IPV6);
}

/* Not inline for the stack's sake: 512 octets are all that a program and what it calls have. */
static __noinline long fm_cover(struct __sk_buff* skb, const struct fm_packet* packet,
                                const struct fm_tunnel* tunnel) {
  if (fm_is_ipv4_address(&tunnel->remote)) {
    struct fm_ipv4_header outer = fm_outer_ipv4_header(packet, tunnel);
    return fm_add_room_ipv4(skb, packet->ipv4, tunnel->shim.flags) ||
           bpf_skb_store_bytes(skb, ETH_HLEN, &outer, sizeof(outer), 0) ||
           fm_cover_shim(skb, packet, tunnel, ETH_HLEN + FM_IPV4_HEADER);
  }
  struct fm_ipv6_header outer = fm_outer_header(packet, tunnel);
  return fm_add_room(skb, packet->ipv4, tunnel->shim.flags) ||
         bpf_skb_store_bytes(skb, ETH_HLEN, &outer, sizeof(outer), BPF_F_RECOMPUTE_CSUM) ||
         fm_cover_shim(skb, packet, tunnel, ETH_HLEN + FM_IPV6_HEADER);
}

/* The header's checksum makes up for the change, so that the whole packet's does not. */
static __always_inline long fm_set_ttl(struct __sk_buff* skb, const struct fm_packet* packet,
                                       __u32 header_offset, __u8 ttl) {
  __be16 from = bpf_htons((__u16)packet->hop_limit << 8 | packet->next_header);
  __be16 to = bpf_htons((__u16)ttl << 8 | packet->next_header);
  return bpf_l3_csum_replace(skb, header_offset + 10, from, to, sizeof(to)) ||
         bpf_skb_store_bytes(skb, header_offset + 8, &ttl, 1, 0);
}

static __always_inline long fm_set_hop_limit(struct __sk_buff* skb, const struct fm_packet* packet,
                                             __u32 header_offset, __u8 hop_limit) {
  if (packet->ipv4) return fm_set_ttl(skb, packet, header_offset, hop_limit);
  return bpf_skb_store_bytes(skb, header_offset + 7, &hop_limit, 1, BPF_F_RECOMPUTE_CSUM);
}

static __always_inline void fm_ask_for_route(const struct fm_tunnel* tunnel, __u32 length, __u32 interface,
                                             struct bpf_fib_lookup* route) {
  route->l4_protocol = FM_PROTOCOL_IPV6;
  route->tot_len = (__u16)length;
  route->ifindex = interface;
  if (fm_is_ipv4_address(&tunnel->remote)) {
    struct fm_address_number local = fm_number(&tunnel->local), remote = fm_number(&tunnel->remote);
    route->family = FM_AF_INET;
    route->ipv4_src = bpf_htonl(fm_ipv4_of(&local));
    route->ipv4_dst = bpf_htonl(fm_ipv4_of(&remote));
  } else {
    route->family = FM_AF_INET6;
    __builtin_memcpy(route->ipv6_src, &tunnel->local, sizeof(tunnel->local));
    __builtin_memcpy(route->ipv6_dst, &tunnel->remote, sizeof(tunnel->remote));
  }
}

/* The neighbour is looked up when the packet is sent to it. */
#define FM_FIB_LOOKUP_SKIP_NEIGH (1U << 2)

static __noinline long fm_find_route(struct __sk_buff* skb, const struct fm_tunnel* tunnel, __u32 length,
                                     struct bpf_fib_lookup* route) {
  fm_ask_for_route(tunnel, length, skb->ifindex, route);
  long found = bpf_fib_lookup(skb, route, sizeof(*route), FM_FIB_LOOKUP_SKIP_NEIGH);
  return found == -FM_EINVAL ? bpf_fib_lookup(skb, route, sizeof(*route), 0) : found; /* before Linux 6.3 */
}

/* Of what is found, only a way that takes the packet is kept. */
static __noinline long fm_find_way(struct __sk_buff* skb, const struct fm_tunnel* tunnel, __u32 length,
                                   struct bpf_fib_lookup* route) {
  struct fm_recent_route* recent = fm_recent_route(&tunnel->remote);
  if (recent && fm_goes_as_before(recent, &tunnel->local, &tunnel->remote, skb->ifindex, length)) {
    fm_use_recent_route(recent, route);
    return BPF_FIB_LKUP_RET_SUCCESS;
  }
  long found = fm_find_route(skb, tunnel, length, route);
  if (recent && (found == BPF_FIB_LKUP_RET_SUCCESS || found == BPF_FIB_LKUP_RET_NO_NEIGH))
    fm_note_route(recent, &tunnel->local, &tunnel->remote, skb->ifindex, route);
  return found;
}

/* bpf_redirect_neigh, not the addresses that the lookup found: only then is the neighbour ever probed again.
 */
static __always_inline int fm_send_to_next_hop(const struct bpf_fib_lookup* route) {
  struct bpf_redir_neigh next_hop = {.nh_family = route->family};
  __builtin_memcpy(next_hop.ipv6_nh, route->ipv6_dst, sizeof(next_hop.ipv6_nh));  // or ipv4_nh
  return (int)bpf_redirect_neigh(route->ifindex, &next_hop, sizeof(next_hop), 0);
}

/* Below it IPv6 needs no answer; IPv4 has no such length. */
static __always_inline bool fm_exceeds(const struct fm_packet* packet, __u32 segment, __u32 mtu) {
  return segment > mtu && (packet->ipv4 || segment > FM_MINIMUM_MTU);
}

/* Trains of segments go through the daemon for nobody. */
static __always_inline bool fm_may_be_cut(const struct __sk_buff* skb, const struct fm_packet* packet) {
  return !(packet->fragment & FM_IPV4_DONT_FRAGMENT) && !skb->gso_size;
}

/* An IPv4 router answers, or cuts (RFC 2473 section 7.2); it is the daemon where we are not in its stack. */
static __always_inline int fm_too_big(struct __sk_buff* skb, const struct fm_packet* packet,
                                      struct fm_tunnel* tunnel, __u32 mtu) {
  if (tunnel->silent) return fm_drop(skb, FM_DROP_TOO_BIG_SILENT);
  if (packet->ipv4 && tunnel->ipv4_router && fm_may_be_cut(skb, packet)) {
    tunnel->cut_to = mtu;
    return TC_ACT_SHOT;
  }
  if (packet->ipv4 && tunnel->ipv4_router)
    return fm_answer_too_big_ipv4(skb, packet, tunnel->ipv4_router, mtu);
  if (packet->ipv4) return tunnel->forwarded ? FM_PASS : fm_drop(skb, FM_DROP_TOO_BIG_SILENT);
  return fm_answer_too_big(skb, packet, &tunnel->ipv6_router, mtu > FM_MINIMUM_MTU ? mtu : FM_MINIMUM_MTU,
                           tunnel->forwarded ? 0 : BPF_F_INGRESS);
}

/* What IPv6 needs goes as far as the link carries it, whatever is said of the path: anybody can say it, by
 * ICMP. */
static __always_inline long fm_find_route_for_minimum(struct __sk_buff* skb, struct fm_tunnel* tunnel,
                                                      __u32 headers, struct bpf_fib_lookup* route) {
  long found = fm_find_route(skb, tunnel, 0, route);
  __u32 link_mtu = 0;
  tunnel->may_be_cut_outside = true;
  if (found != BPF_FIB_LKUP_RET_SUCCESS && found != BPF_FIB_LKUP_RET_NO_NEIGH) return found;
  return bpf_check_mtu(skb, route->ifindex, &link_mtu, (__s32)headers, 0) ? BPF_FIB_LKUP_RET_FRAG_NEEDED
                                                                          : found;
}

/* `packet` starts right behind the link-layer header. Returns the verdict. */
static __noinline int fm_send_through_tunnel(struct __sk_buff* skb, const struct fm_packet* packet,
                                             struct fm_tunnel* tunnel) {
  struct bpf_fib_lookup route = {};
  __u32 segment = fm_segment_length(skb, packet);
  __u32 headers = fm_is_ipv4_address(&tunnel->remote) ? FM_IPV4_HEADER : FM_IPV6_HEADER;
  headers += fm_shim_length(tunnel->shim.flags);
  if (fm_exceeds(packet, segment, tunnel->mtu)) return fm_too_big(skb, packet, tunnel, tunnel->mtu);

  long found = fm_find_way(skb, tunnel, segment + headers, &route);
  bool is_minimum = !packet->ipv4 && segment <= FM_MINIMUM_MTU;
  if (found == BPF_FIB_LKUP_RET_FRAG_NEEDED && is_minimum)
    found = fm_find_route_for_minimum(skb, tunnel, headers, &route);
  if (found == BPF_FIB_LKUP_RET_FRAG_NEEDED)
    return is_minimum ? fm_drop(skb, FM_DROP_TUNNEL_TOO_SMALL)
                      : fm_too_big(skb, packet, tunnel, route.mtu_result - headers);
  if (found != BPF_FIB_LKUP_RET_SUCCESS && found != BPF_FIB_LKUP_RET_NO_NEIGH)
    return fm_drop(skb, FM_DROP_NO_ROUTE);

  if ((tunnel->forwarded && fm_set_hop_limit(skb, packet, packet->offset, packet->hop_limit - 1)) ||
      fm_cover(skb, packet, tunnel))
    return fm_drop(skb, FM_DROP_ENCAPSULATION);
  tunnel->entered = true;
  return fm_send_to_next_hop(&route);
}
