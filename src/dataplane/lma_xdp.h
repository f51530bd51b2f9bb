/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The anchor's fast lane: downlink as most of it is, before the kernel makes a packet buffer of it
 * (docs/adr/0080). What it does not do it leaves as it came, and lma_downlink does it. It drops nothing. */
#pragma once

#include "abi/xdp.h"
#include "classify.h"
#include "encap.h"
#include "parse.h"

/* Arrays, whose rows are found without a helper's call. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, FM_XDP_LINKS);
  __type(key, __u32);
  __type(value, struct fm_xdp_link);
} xdp_links SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, FM_XDP_NEXT_HOPS);
  __type(key, __u32);
  __type(value, struct fm_xdp_next_hop);
} xdp_next_hops SEC(".maps");

/* What the kernel said of the way to a MAG in this tick of its coarse clock: a route or neighbour that
 * changes is seen at the next. */
struct fm_xdp_route {
  struct fm_address local;
  struct fm_address remote;
  __u64 tick;
  __u32 entrance;
  __u32 pad;
  struct bpf_fib_lookup found;
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, FM_XDP_ROUTES);
  __type(key, __u32);
  __type(value, struct fm_xdp_route);
} xdp_routes SEC(".maps");

/* What both have behind the IP header. */
struct fm_xdp_upper {
  __be16 source_port;
  __be16 destination_port;
  __be32 word; /* of TCP the sequence number, of UDP length and checksum */
};

#define FM_TCP_FLAGS 13
#define FM_TCP_SYN 2

static __always_inline const __u8* fm_xdp_data(const struct xdp_md* ctx) {
  return (const __u8*)(long)ctx->data;
}

static __always_inline const __u8* fm_xdp_end(const struct xdp_md* ctx) {
  return (const __u8*)(long)ctx->data_end;
}

/* Nobody sends more before it is answered: it may take the slower way. */
static __always_inline bool fm_xdp_begins(const struct xdp_md* ctx, const struct fm_packet* packet) {
  const __u8* upper = fm_xdp_data(ctx) + ETH_HLEN + (packet->ipv4 ? FM_IPV4_HEADER : FM_IPV6_HEADER);
  if (packet->key.protocol != FM_PROTOCOL_TCP || upper + FM_TCP_FLAGS + 1 > fm_xdp_end(ctx)) return false;
  return upper[FM_TCP_FLAGS] & FM_TCP_SYN;
}

static __always_inline bool fm_xdp_read_upper(const struct fm_xdp_upper* upper, __u32 length,
                                              struct fm_packet* packet) {
  if (packet->next_header != FM_PROTOCOL_TCP && packet->next_header != FM_PROTOCOL_UDP) return false;
  if (packet->length < length + sizeof(__be16[2])) return false; /* what is behind it is not its */
  packet->key.protocol = packet->next_header;
  packet->key.source_port = bpf_ntohs(upper->source_port);
  packet->key.destination_port = bpf_ntohs(upper->destination_port);
  packet->key.has = FM_FLOW_HAS_PORTS;
  packet->upper = ETH_HLEN + length;
  return true;
}

static __always_inline bool fm_xdp_read_ipv6(const __u8* data, const __u8* end, struct fm_packet* packet) {
  const struct fm_ipv6_header* header = (const void*)(data + ETH_HLEN);
  const struct fm_xdp_upper* upper = (const void*)(header + 1);
  if ((const __u8*)(upper + 1) > end) return false;
  __u32 available = (__u32)(end - data) - ETH_HLEN;
  return fm_read_ipv6(header, ETH_HLEN, available, false, packet) == FM_PARSED &&
         fm_xdp_read_upper(upper, FM_IPV6_HEADER, packet);
}

/* Without options, and whole. */
static __always_inline bool fm_xdp_read_ipv4(const __u8* data, const __u8* end, struct fm_packet* packet) {
  const struct fm_ipv4_header* header = (const void*)(data + ETH_HLEN);
  const struct fm_xdp_upper* upper = (const void*)(header + 1);
  if ((const __u8*)(upper + 1) > end) return false;
  __u32 available = (__u32)(end - data) - ETH_HLEN;
  return fm_read_ipv4(header, ETH_HLEN, available, false, packet) == FM_PARSED &&
         packet->header == FM_IPV4_HEADER &&
         !(packet->fragment & (FM_IPV4_MORE_FRAGMENTS | FM_IPV4_FRAGMENT_OFFSET)) &&
         fm_xdp_read_upper(upper, FM_IPV4_HEADER, packet);
}

static __always_inline bool fm_xdp_is_for(const __u8* data, const struct fm_mac* mac) {
  __u8 differs = 0;
  for (int i = 0; i < 6; ++i) differs |= data[i] ^ mac->octets[i];
  return !differs;
}

/* A frame for this interface with a packet of TCP or UDP that has nothing between its headers. */
static __always_inline bool fm_xdp_read(const struct xdp_md* ctx, const struct fm_xdp_link* link,
                                        struct fm_packet* packet) {
  const __u8 *data = fm_xdp_data(ctx), *end = fm_xdp_end(ctx);
  const struct ethhdr* frame = (const void*)data;
  if (data + ETH_HLEN > end || !fm_xdp_is_for(data, &link->mac)) return false;
  if (frame->h_proto == bpf_htons(ETH_P_IPV6)) return fm_xdp_read_ipv6(data, end, packet);
  return frame->h_proto == bpf_htons(ETH_P_IP) && fm_xdp_read_ipv4(data, end, packet);
}

/* Its last packet on this CPU was a while ago. */
static __always_inline bool fm_xdp_has_paused(__u32 flow) {
  const struct fm_flow_traffic* traffic = bpf_map_lookup_elem(&flow_counters, &flow);
  return traffic && bpf_ktime_get_coarse_ns() - traffic->last_down > FM_XDP_PAUSE_NS;
}

static __always_inline struct fm_xdp_next_hop* fm_xdp_next_hop_of(const struct bpf_fib_lookup* route,
                                                                  bool* is_known) {
  struct fm_address address;
  __builtin_memcpy(&address, route->ipv6_dst, sizeof(address));
  struct fm_address_number number = fm_number(&address);
  __u32 row = fm_xdp_next_hop_row(number.high, number.low, route->ifindex);
  struct fm_xdp_next_hop* hop = bpf_map_lookup_elem(&xdp_next_hops, &row);
  if (!hop) return NULL;
  *is_known = hop->interface == route->ifindex && fm_same_address(&hop->address, &number);
  if (!*is_known) {
    hop->address = address;
    hop->interface = route->ifindex;
  }
  return hop;
}

/* Whether the kernel is to send this one: it probes a neighbour only when it sends by itself. */
static __always_inline bool fm_xdp_asks_kernel(const struct xdp_md* ctx, const struct fm_packet* packet,
                                               __u32 flow, const struct bpf_fib_lookup* route) {
  bool is_known = false;
  struct fm_xdp_next_hop* hop = fm_xdp_next_hop_of(route, &is_known);
  if (!hop) return true;
  __u64 now = bpf_ktime_get_coarse_ns();
  __s64 since = (__s64)(now - hop->asked); /* another CPU may be ahead of this one */
  if (is_known && since < (__s64)FM_XDP_ASK_NS) return false;
  if (is_known && since < (__s64)FM_XDP_ASK_AT_LAST_NS && !fm_xdp_begins(ctx, packet) &&
      !fm_xdp_has_paused(flow))
    return false;
  hop->asked = now;
  return true;
}

static __always_inline __u16 fm_add_ones_complement(__u16 sum, __u16 more) {
  sum = (__u16)(sum + more);
  return (__u16)(sum + (sum < more));
}

/* RFC 1624, as the kernel has it. */
static __always_inline void fm_xdp_count_hop_ipv4(struct fm_ipv4_header* header) {
  __be16 from = bpf_htons((__u16)(header->ttl << 8 | header->protocol));
  __be16 to = bpf_htons((__u16)((header->ttl - 1) << 8 | header->protocol));
  __u16 sum = fm_add_ones_complement((__u16)~header->checksum, (__u16)~from);
  header->checksum = (__u16)~fm_add_ones_complement(sum, to);
  --header->ttl;
}

struct fm_xdp_covered {
  struct ethhdr link;
  struct fm_ipv6_header outer;
} __attribute__((packed));

/* False: there is no room for another header, and the frame is as it was. */
static __always_inline bool fm_xdp_cover(struct xdp_md* ctx, const struct fm_packet* packet,
                                         const struct fm_tunnel* tunnel, const struct bpf_fib_lookup* route) {
  if (bpf_xdp_adjust_head(ctx, -FM_IPV6_HEADER)) return false;
  struct fm_xdp_covered* covered = (void*)(long)ctx->data;
  struct fm_ipv6_header* inner = (void*)(covered + 1);
  if ((const __u8*)inner + FM_IPV4_HEADER > fm_xdp_end(ctx)) { /* for the verifier: it was read before */
    bpf_xdp_adjust_head(ctx, FM_IPV6_HEADER);
    return false;
  }
  if (packet->ipv4)
    fm_xdp_count_hop_ipv4((struct fm_ipv4_header*)inner);
  else
    --inner->hop_limit;
  __builtin_memcpy(covered->link.h_dest, route->dmac, ETH_ALEN);
  __builtin_memcpy(covered->link.h_source, route->smac, ETH_ALEN);
  covered->link.h_proto = bpf_htons(ETH_P_IPV6);
  covered->outer = fm_outer_header(packet, tunnel);
  return true;
}

/* The flow's session where the packet is one of those that are only put into its tunnel of IPv6. */
static __always_inline const struct fm_session_row* fm_xdp_session(__u32 flow, __u32* session) {
  const struct fm_flow_row* binding = bpf_map_lookup_elem(&flows, &flow);
  if (!binding || binding->action != FM_ACTION_FORWARD) return NULL;
  *session = binding->session;
  const struct fm_session_row* row = bpf_map_lookup_elem(&sessions, session);
  return row && !row->shim.flags && !fm_is_ipv4_address(&row->mag) ? row : NULL;
}

static __always_inline bool fm_xdp_is_same(const struct fm_address* a, const struct fm_address* b) {
  struct fm_address_number number = fm_number(b);
  return fm_same_address(a, &number);
}

static __always_inline bool fm_xdp_ask_for_route(struct xdp_md* ctx, const struct fm_tunnel* tunnel,
                                                 __u32 length, __u64 tick, struct fm_xdp_route* row) {
  struct bpf_fib_lookup route = {};
  fm_ask_for_route(tunnel, length, ctx->ingress_ifindex, &route);
  if (bpf_fib_lookup(ctx, &route, sizeof(route), 0) != BPF_FIB_LKUP_RET_SUCCESS) return false;
  row->local = tunnel->local;
  row->remote = tunnel->remote;
  row->entrance = ctx->ingress_ifindex;
  row->found = route;
  row->tick = tick;
  return true;
}

/* By a neighbour that is known, through an interface that takes it; NULL: not by XDP. */
static __always_inline const struct bpf_fib_lookup* fm_xdp_find_route(struct xdp_md* ctx,
                                                                      const struct fm_tunnel* tunnel,
                                                                      __u32 length) {
  struct fm_address_number mag = fm_number(&tunnel->remote);
  __u32 number = fm_path_number(mag.high, mag.low) % FM_XDP_ROUTES;
  struct fm_xdp_route* row = bpf_map_lookup_elem(&xdp_routes, &number);
  if (!row) return NULL;
  __u64 tick = bpf_ktime_get_coarse_ns();
  bool is_known = row->tick == tick && row->entrance == ctx->ingress_ifindex &&
                  fm_xdp_is_same(&row->remote, &tunnel->remote) &&
                  fm_xdp_is_same(&row->local, &tunnel->local);
  if (!is_known && !fm_xdp_ask_for_route(ctx, tunnel, length, tick, row)) return NULL;
  if (length > row->found.mtu_result) return NULL;
  __u32 interface = row->found.ifindex;
  const struct fm_xdp_link* out = bpf_map_lookup_elem(&xdp_links, &interface);
  return out && (out->flags & FM_XDP_SENDS) ? &row->found : NULL;
}

static __always_inline int fm_xdp_send(struct xdp_md* ctx, const struct fm_packet* packet, __u32 flow) {
  __u32 session = 0;
  const struct fm_session_row* row = fm_xdp_session(flow, &session);
  if (!row || fm_exceeds(packet, packet->length, row->mtu)) return XDP_PASS;
  struct fm_tunnel tunnel = {.local = row->lma, .remote = row->mag};
  const struct bpf_fib_lookup* route = fm_xdp_find_route(ctx, &tunnel, packet->length + FM_IPV6_HEADER);
  if (!route || fm_xdp_asks_kernel(ctx, packet, flow, route)) return XDP_PASS;
  if (!fm_xdp_cover(ctx, packet, &tunnel, route)) return XDP_PASS;
  struct fm_counter weight = {1, packet->length};
  struct fm_address_number mag = fm_number(&tunnel.remote);
  fm_count_down(flow, session, fm_path_number(mag.high, mag.low), &weight);
  return (int)bpf_redirect(route->ifindex, 0);
}

/* On every interface that has the fast lane: those that lead to MAGs alone need a program to send. */
SEC("xdp") int lma_xdp(struct xdp_md* ctx) {
  struct fm_packet packet = {};
  __u32 interface = ctx->ingress_ifindex;
  const struct fm_xdp_link* link = bpf_map_lookup_elem(&xdp_links, &interface);
  if (!link || !(link->flags & FM_XDP_FROM_CORE) || !fm_xdp_read(ctx, link, &packet)) return XDP_PASS;
  const struct fm_node_row* node = bpf_map_lookup_elem(&nodes, &packet.key.destination.high);
  if (!node || packet.hop_limit <= 1 || fm_is_link_local(&packet.key.source)) return XDP_PASS;
  if (!packet.ipv4 && fm_is_ipv4_key(packet.key.destination.high)) return XDP_PASS;
  if (fm_has_no_sender(&packet) || node->uses & FM_NODE_IS_CAPTURED) return XDP_PASS;
  if ((link->flags & FM_XDP_FROM_MAGS) && bpf_map_lookup_elem(&nodes, &packet.key.source.high))
    return XDP_PASS;
  __u32 flow = fm_classify(node, &packet.key, true);
  return flow ? fm_xdp_send(ctx, &packet, flow) : XDP_PASS;
}
